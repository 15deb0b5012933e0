// Bundles what a page needs that has no bundler, or one that copies files as they are: the script of the workers,
// and the library. The kernels stay where they are.
import { resolve } from 'node:path';
import { build } from 'rolldown';

const bundles = [
  { input: 'dist/train/thread.js', output: 'dist/browser/thread.js', host: 'web-thread.js' },
  { input: 'dist/index.js', output: 'dist/browser/index.js', host: 'web.js' },
];
for (const { input, output, host } of bundles) {
  await build({
    input,
    platform: 'browser',
    resolve: { alias: { '#host': resolve('dist/host', host) } },
    output: { file: output, minify: true },
  });
}
