/*
 * Makes dist/, what is published, of build/, what the compiler wrote file by file and the tests reach into: the
 * faces of package.json, bundled, so that a program reads thirty files in place of two hundred; the host
 * for Node and for pages; the script of threads; and the library in one file for a page without a bundler.
 */
import { cp, readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { build } from 'rolldown';

const { exports, imports } = JSON.parse(await readFile('package.json', 'utf8'));
const browser = './dist/browser/index.js';
const hosts = [imports['#host'].node, imports['#host'].default];
const faces = Object.values(exports).map((face) => face.default);
const outputs = [...faces, ...hosts, './dist/engine/worker.js'].filter((file) => file !== browser);

await build({
  input: Object.fromEntries(outputs.map((file) => [nameOf(file), `build/${nameOf(file)}.js`])),
  external: ['#host', /^node:/, /^pure-rand/],
  output: {
    dir: 'dist',
    // The addresses of kernels and workers are told from where a file lies: one folder below dist/.
    chunkFileNames: 'chunks/[name].js',
    // Names stay, for stack traces.
    minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
    minifyInternalExports: false,
  },
});

// One file, with what is loaded later in it: bundlers copy a worker's script without what lies beside it.
await build({
  input: 'build/browser.js',
  platform: 'browser',
  resolve: { alias: { '#host': resolve('build/host/web-bundle.js') } },
  output: { file: browser, minify: true, codeSplitting: false },
});

await cp('build/engine/wasm', 'dist/engine/wasm', { recursive: true });
// The files of build/ have the host of build/: two of them would be two of every error class.
const { types: _, ...host } = imports['#host'];
await writeFile(
  'build/package.json',
  JSON.stringify({ type: 'module', imports: { '#host': host } }).replaceAll('./dist/', './'),
);

function nameOf(file) {
  return file.replace(/^\.\/dist\/(.*)\.js$/, '$1');
}
