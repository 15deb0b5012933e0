import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { build } from 'rolldown';
import { standardFolders } from './server.js';

/** Of the library and one build of the kernels, by brotli: all there is, and what training needs of it. */
const MOST_BYTES = { all: 66_000, training: 60_000 };

const inBuild = (path: string) => readFile(join(standardFolders['/core'], path));

/** The compressed size of the library with one build of the kernels. */
async function sizeOf(t: TestContext, library: Uint8Array): Promise<number> {
  const parts = [library, await inBuild('engine/wasm/simd.shared.wasm')];
  const sum = (compress: (part: Uint8Array) => Uint8Array) =>
    parts.reduce((total, part) => total + compress(part).length, 0);
  const brotli = sum((part) => brotliCompressSync(part));
  const gzip = sum((part) => gzipSync(part, { level: 9 }));
  t.diagnostic(`library and kernels: ${brotli} bytes by brotli, ${gzip} by gzip`);
  return brotli;
}

test('the whole library by a script tag and the kernels are at most 66 kB', async (t) => {
  const brotli = await sizeOf(t, await inBuild('browser/index.js'));
  assert.ok(brotli <= MOST_BYTES.all, `${brotli} bytes`);
});

test('what a bundler keeps of it for a page that trains is at most 60 kB', async (t) => {
  const { output } = await build({
    input: fileURLToPath(new URL('./page/train-only.ts', import.meta.url)),
    write: false,
    output: { minify: true },
  });
  // What is loaded only where it is needed, such as the plain backend, is another file.
  const [entry] = output.filter((each) => each.type === 'chunk' && each.isEntry);
  assert.ok(entry?.type === 'chunk');
  const shared = output.filter(
    (each) => each.type === 'chunk' && entry.imports.includes(each.fileName),
  );
  const code = [entry, ...shared].map((each) => (each.type === 'chunk' ? each.code : ''));
  const brotli = await sizeOf(t, Buffer.from(code.join('')));
  assert.ok(brotli <= MOST_BYTES.training, `${brotli} bytes`);
});

test('of an import that is not used, nothing is left', async () => {
  const { output } = await build({
    input: fileURLToPath(new URL('./page/unused.ts', import.meta.url)),
    write: false,
    output: { minify: true },
  });
  assert.equal(output[0].code.trim(), '');
});
