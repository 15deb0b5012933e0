// Bundles the library to the one file that a page needs that has no bundler, and that its workers run. The kernels
// stay where they are.
import { resolve } from 'node:path';
import { build } from 'rolldown';

await build({
  input: 'dist/browser.js',
  platform: 'browser',
  resolve: { alias: { '#host': resolve('dist/host/web-bundle.js') } },
  // One file, with what is loaded later in it: bundlers copy a worker's script without what lies beside it.
  output: { file: 'dist/browser/index.js', minify: true, codeSplitting: false },
});
