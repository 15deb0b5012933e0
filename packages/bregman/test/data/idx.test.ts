import assert from 'node:assert/strict';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { UserError } from '@bregman/core/files';
import fc from 'fast-check';
import { decodeIdx, loadDataset, loadIdxFolder, readIdx } from '#lib/data/index.js';

function idx(shape: number[], data: number[]): Uint8Array {
  const bytes = Buffer.alloc(4 + 4 * shape.length + data.length);
  bytes.set([0, 0, 8, shape.length]);
  for (const [i, extent] of shape.entries()) bytes.writeUInt32BE(extent, 4 + 4 * i);
  bytes.set(data, 4 + 4 * shape.length);
  return bytes;
}

let folder: string;
const put = (name: string, bytes: Uint8Array) => writeFile(join(folder, name), bytes);
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bregman-idx-'));
  await put('train-images-idx3-ubyte', idx([3, 1, 2], [0, 255, 0, 255, 255, 0]));
  await put('train-labels.idx1-ubyte', idx([3], [0, 1, 2]));
  await put('t10k-images.idx3-ubyte.gz', gzipSync(idx([1, 1, 2], [5, 6])));
  await put('t10k-labels-idx1-ubyte.gz', gzipSync(idx([1], [1])));
});
afterEach(() => rm(folder, { recursive: true }));

test('decodeIdx views the data where they lie', () => {
  const bytes = idx([2, 1, 2], [1, 2, 3, 4]);
  const { shape, data } = decodeIdx(bytes, 'x', 3);
  assert.deepEqual(shape, [2, 1, 2]);
  assert.deepEqual(data, Uint8Array.of(1, 2, 3, 4));
  assert.equal(data.buffer, bytes.buffer);
});

const damaged: [string, Uint8Array, RegExp][] = [
  ['an empty file', new Uint8Array(0), /not an IDX file: it has only 0 bytes/],
  ['a text', Buffer.from('label\n1\n'), /not an IDX file: bytes 0 and 1/],
  ['floats', Uint8Array.of(0, 0, 13, 1, 0, 0, 0, 0), /byte 2 gives element type 13/],
  ['labels for images', idx([1], [1]), /byte 3 gives 1 dimensions where 3 are needed/],
  ['half a header', idx([1, 1, 1], [1]).subarray(0, 9), /header alone takes 16 bytes of 9/],
  ['no images', idx([0, 28, 28], []), /it is empty: .* 0 × 28 × 28 values/],
  ['a cut file', idx([2, 1, 2], [1, 2, 3]), /cut off: 19 bytes of the 20 .*\(2 × 1 × 2\)/],
  ['a boundless header', idx([2 ** 32 - 1, 2 ** 32 - 1, 2 ** 32 - 1], []), /cut off/],
  ['trailing bytes', idx([1, 1, 1], [1, 2]), /1 bytes too many after the data end at byte 17/],
];
for (const [what, bytes, message] of damaged) {
  test(`${what} is refused`, () => {
    assert.throws(
      () => decodeIdx(bytes, 'dir/file', 3),
      (e) =>
        e instanceof UserError && e.message.startsWith('dir/file: ') && message.test(e.message),
    );
  });
}

test('a damaged file is refused with a UserError or fills its shape', () => {
  const whole = idx([2, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8]);
  const change = fc.tuple(fc.nat(whole.length - 1), fc.nat(255));
  fc.assert(
    fc.property(
      fc.array(change, { maxLength: 3 }),
      fc.uint8Array({ maxLength: 3 }),
      fc.nat(9),
      (changes, tail, cut) => {
        const bytes = Uint8Array.of(...whole, ...tail);
        for (const [at, value] of changes) bytes[at] = value;
        try {
          const { shape, data } = decodeIdx(bytes.subarray(0, bytes.length - cut), 'x', 3);
          assert.equal(
            shape.reduce((a, b) => a * b, 1),
            data.length,
          );
        } catch (error) {
          assert.ok(error instanceof UserError, String(error));
        }
      },
    ),
    { numRuns: 2000 },
  );
});

test('a damaged gzip file is refused with a UserError or reads as it was', async () => {
  const plain = idx(
    [64],
    Array.from({ length: 64 }, (_, i) => (i * i) % 7),
  );
  const whole = gzipSync(plain);
  const change = fc.tuple(fc.nat(whole.length - 1), fc.nat(255));
  await fc.assert(
    fc.asyncProperty(fc.array(change, { maxLength: 3 }), fc.nat(20), async (changes, cut) => {
      const bytes = Uint8Array.from(whole);
      for (const [at, value] of changes) bytes[at] = value;
      await put('damaged', bytes.subarray(0, bytes.length - cut));
      try {
        const { data } = await readIdx(join(folder, 'damaged'), 1, 4096);
        assert.deepEqual([...data], [...plain.subarray(8)]);
      } catch (error) {
        assert.ok(error instanceof UserError, String(error));
      }
    }),
    { numRuns: 300 },
  );
});

test('a decompression bomb stops at the limit', async () => {
  await put('bomb', gzipSync(idx([100_000], new Array(100_000).fill(0))));
  await assert.rejects(
    readIdx(join(folder, 'bomb'), 1, 1000),
    /bomb: cannot decompress: it decompresses to more than 1000 bytes/,
  );
});

test('a folder of any spelling becomes a data set', async () => {
  const set = await loadDataset(folder);
  assert.equal(set.name, basename(folder));
  assert.deepEqual(set.train.shape, [1, 1, 2]);
  assert.deepEqual(set.train.targets, {
    kind: 'classes',
    labels: Uint8Array.of(0, 1, 2),
    classes: 3,
  });
  assert.deepEqual(set.test.inputs, Uint8Array.of(5, 6));
  assert.deepEqual([set.mean, set.std], [[0.5], [0.5]]);
  assert.equal(set.classNames, undefined);
});

test('facts override what a folder says', async () => {
  const facts = {
    name: 'n',
    classNames: ['a', 'b', 'c', 'd'],
    normalization: { mean: [1], std: [2] },
  };
  const { name, classNames, mean, std, test } = await loadIdxFolder(folder, facts);
  assert.deepEqual({ name, classNames, normalization: { mean, std } }, facts);
  assert.deepEqual(test.targets, { kind: 'classes', labels: Uint8Array.of(1), classes: 4 });
});

test('files that do not fit each other are refused by name', async () => {
  const refuses = (message: RegExp) =>
    assert.rejects(loadIdxFolder(folder), (e) => e instanceof UserError && message.test(e.message));

  await put('t10k-labels-idx1-ubyte.gz', idx([1], [3]));
  await refuses(/t10k-labels-idx1-ubyte.gz: label 3 of sample 0 is not .* from 0 to 2$/);
  await put('t10k-labels-idx1-ubyte.gz', idx([2], [0, 0]));
  await refuses(/t10k-labels-idx1-ubyte.gz: 1 samples, but 2 labels$/);
  await put('t10k-images.idx3-ubyte.gz', idx([2, 2, 1], [0, 0, 0, 0]));
  await refuses(/training images have 1 × 2 pixels, test images 2 × 1$/);
  await rename(join(folder, 'train-images-idx3-ubyte'), join(folder, 'x'));
  await refuses(/: no file train-images-idx3-ubyte \(or with \.idx3-ubyte or \.gz at the end\)$/);
});

test('a name that is neither a set nor a folder is refused with the choices', async () => {
  for (const name of ['cifar', 'constructor', join(folder, 'none'), join(folder, 'x\n')]) {
    await assert.rejects(
      loadDataset(name),
      (e) =>
        e instanceof UserError &&
        /^no data set or folder ".*mnist, fashion-mnist, cifar10 or/.test(e.message),
    );
  }
});
