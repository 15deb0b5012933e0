// Bundles the library to the one file that a page needs that has no bundler, and that its workers run. The kernels
// stay where they are.
import { resolve } from 'node:path';
import { build } from 'rolldown';

await build({
  input: 'dist/browser.js',
  platform: 'browser',
  // So that what is loaded later shares its code, and is no reason to cut it in two.
  preserveEntrySignatures: 'allow-extension',
  resolve: { alias: { '#host': resolve('dist/host/web-bundle.js') } },
  // What is loaded only where it is needed, such as the plain backend, lies beside it.
  output: {
    dir: 'dist/browser',
    entryFileNames: 'index.js',
    chunkFileNames: '[name].js',
    minify: true,
  },
});
