import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { UserError } from '@bregman/core/files';
import sharp from 'sharp';
import { type Dataset, loadDataset, loadImageFolder } from '#lib/data/index.js';
import { temporaryFolder } from './temporary.js';

const folder = temporaryFolder();
const root = () => join(folder.path, 'pets');
type Colour = [number, number, number];

/** A picture of a single colour but for its first pixel, which is `first`. */
async function put(name: string, colour: Colour, { width = 4, height = 3, first = colour } = {}) {
  const pixels = Buffer.alloc(width * height * 3, Buffer.from(colour));
  pixels.set(first);
  const path = join(root(), name);
  await mkdir(dirname(path), { recursive: true });
  const image = sharp(pixels, { raw: { width, height, channels: 3 } });
  if (/webp$/.test(name)) await image.webp({ lossless: true }).toFile(path);
  else if (/jpe?g$/i.test(name)) {
    await writeFile(path, await image.jpeg({ quality: 100 }).toBuffer());
  } else await image.png().toFile(path);
}
const putGrey = (name: string, grey: number, options = {}) =>
  put(name, [grey, grey, grey], options);

/** Two classes of two for training, of one for test. */
async function putSet() {
  await put('train/dog/b.png', [1, 2, 3], { first: [9, 8, 7] });
  await put('train/dog/a.webp', [4, 5, 6]);
  await put('train/cat/x.jpg', [200, 200, 200]);
  await put('train/cat/y.JPEG', [100, 100, 100]);
  await put('test/cat/t.png', [7, 8, 9]);
  await put('test/dog/t.png', [10, 11, 12]);
}
const labels = ({ targets }: Dataset['train']) => {
  assert.ok(targets.kind === 'classes');
  return [...targets.labels];
};
/** The first pixel of each image. */
const firsts = ({ count, inputs, shape: [c, h, w] }: Dataset['train']) =>
  Array.from({ length: count }, (_, i) =>
    Array.from({ length: c }, (_, channel) => inputs[(i * c + channel) * h * w]),
  );
const refuses = (message: RegExp) =>
  assert.rejects(loadImageFolder(root()), (error) => {
    assert.ok(error instanceof UserError, String(error));
    assert.match(error.message, message);
    assert.ok(!error.message.includes('\n'));
    return true;
  });

test('train and test of PNG, JPEG and WebP become a data set', async () => {
  await putSet();
  await writeFile(join(root(), 'train', 'dog', 'notes.txt'), 'x');
  await writeFile(join(root(), 'train', 'dog', '.hidden.png'), 'x');
  await mkdir(join(root(), 'train', '.git'));
  const seen: number[] = [];
  const set = await loadDataset(root(), {
    onDecode(done, total) {
      assert.equal(total, 6);
      seen.push(done);
    },
  });
  assert.deepEqual(seen, [1, 2, 3, 4, 5, 6]);
  assert.equal(set.name, 'pets');
  assert.deepEqual(set.classNames, ['cat', 'dog']);
  assert.deepEqual(
    [set.train.shape, set.test.shape],
    [
      [3, 3, 4],
      [3, 3, 4],
    ],
  );
  assert.deepEqual(
    [labels(set.train), labels(set.test)],
    [
      [0, 0, 1, 1],
      [0, 1],
    ],
  );
  const grey = (value: number) => [value, value, value];
  assert.deepEqual(firsts(set.train), [grey(200), grey(100), [4, 5, 6], [9, 8, 7]]);
  assert.deepEqual(firsts(set.test), [
    [7, 8, 9],
    [10, 11, 12],
  ]);
  assert.equal(set.train.inputs[3 * 36 + 12 + 1], 2);

  // Red: 200, 100 and 4 all over, 1 but for one 9.
  const red = [200, 100, 4]
    .flatMap((v) => new Array(12).fill(v))
    .concat([9], new Array(11).fill(1));
  const mean = red.reduce((a, b) => a + b) / 48 / 255;
  const std = Math.sqrt(red.reduce((a, b) => a + (b / 255 - mean) ** 2, 0) / 48);
  assert.ok(Math.abs(set.mean[0] - mean) < 1e-12 && Math.abs(set.std[0] - std) < 1e-12);
  assert.deepEqual([set.mean.length, set.std.length], [3, 3]);

  const normalization = { mean: [0, 0, 0], std: [1, 1, 1] };
  const given = await loadImageFolder(root(), { name: 'animals', normalization });
  assert.deepEqual([given.name, given.mean, given.std], ['animals', [0, 0, 0], [1, 1, 1]]);
});

test('images without colour have one channel', async () => {
  for (const part of ['train', 'test']) {
    await putGrey(`${part}/a/1.png`, 10, { first: [1, 1, 1] });
    await putGrey(`${part}/b/1.png`, 20, { first: [2, 2, 2] });
  }
  const { train, mean } = await loadImageFolder(root());
  assert.deepEqual(train.shape, [1, 3, 4]);
  assert.deepEqual(
    [...train.inputs],
    [[1], new Array(11).fill(10), [2], new Array(11).fill(20)].flat(),
  );
  assert.equal(mean.length, 1);
});

test('one folder is parted by seed, class by class', async () => {
  for (let i = 0; i < 20; i++) await putGrey(`many/${i}.png`, i);
  for (let i = 0; i < 3; i++) await putGrey(`few/${i}.png`, 100 + i);
  await putGrey('single/0.png', 200);
  const load = async (seed: number) => {
    const { train, test } = await loadDataset(root(), { seed });
    assert.deepEqual(
      [firsts(train), firsts(test)].flat(2).sort((a, b) => a - b),
      [...Array(20).keys(), 100, 101, 102, 200],
    );
    assert.deepEqual(labels(test), [0, 1, 1]);
    for (const [i, [value]] of firsts(train).entries()) {
      assert.equal(labels(train)[i], value < 20 ? 1 : value < 200 ? 0 : 2);
    }
    return firsts(test).join();
  };
  assert.equal(await load(1), await load(1));
  assert.ok(new Set([await load(1), await load(2), await load(3)]).size > 1);
  const half = await loadImageFolder(root(), { testShare: 0.5 });
  assert.equal(half.test.count, 10 + 2);
  await assert.rejects(loadImageFolder(root(), { testShare: 1 }), UserError);

  await rm(join(root(), 'many'), { recursive: true });
  await rm(join(root(), 'few'), { recursive: true });
  await putGrey('other/0.png', 7);
  await refuses(/pets: one image a class leaves none to test with$/);
});

test('images come from the cache until the files change', async () => {
  await putSet();
  let decoded = 0;
  const load = async () => {
    decoded = 0;
    const onDecode = () => {
      decoded++;
    };
    return loadImageFolder(root(), { onDecode });
  };
  const fresh = await load();
  assert.equal(decoded, 6);
  assert.deepEqual(await load(), fresh);
  assert.equal(decoded, 0);

  const cache = join(folder.path, 'cache', 'images');
  const [file] = await readdir(cache);
  const bytes = await readFile(join(cache, file));
  const damaged = [bytes.with(50, bytes[50] ^ 1), bytes.subarray(0, 40), bytes.subarray(0, 0)];
  for (const content of damaged) {
    await writeFile(join(cache, file), content);
    assert.deepEqual(await load(), fresh);
    assert.equal(decoded, 6);
  }

  await utimes(join(root(), 'test', 'cat', 't.png'), 1, 1);
  await load();
  assert.equal(decoded, 6);
  await rename(join(root(), 'test', 'cat', 't.png'), join(root(), 'test', 'cat', 'u.png'));
  await load();
  assert.equal(decoded, 6);
  await put('train/cat/z.png', [1, 2, 3]);
  assert.equal((await load()).train.count, 5);
  assert.equal(decoded, 7);
  await load();
  assert.equal(decoded, 0);
  assert.deepEqual(await readdir(cache), [file]);

  // A cache that cannot be written is done without.
  await rm(join(folder.path, 'cache'), { recursive: true });
  await writeFile(join(folder.path, 'cache'), 'in the way');
  assert.equal((await load()).train.count, 5);
  assert.equal(decoded, 7);
});

test('decoding can be stopped', async () => {
  await putSet();
  const reason = new Error('enough');
  const controller = new AbortController();
  const onDecode = () => controller.abort(reason);
  await assert.rejects(
    loadImageFolder(root(), { onDecode, signal: controller.signal }),
    (error) => error === reason,
  );
});

test('a damaged image is refused by name', async () => {
  await putSet();
  const path = join(root(), 'train', 'dog', 'b.png');
  const whole = await readFile(path);
  for (const bytes of [whole.subarray(0, -20), Buffer.from('<html>'), Buffer.alloc(0)]) {
    await writeFile(path, bytes);
    await refuses(/train.dog.b\.png: cannot decode: ./);
  }
  await writeFile(path, whole);

  const jpeg = await sharp({
    create: {
      width: 4,
      height: 3,
      channels: 3,
      background: 'red',
      noise: { type: 'gaussian', mean: 100, sigma: 50 },
    },
  })
    .jpeg()
    .toBuffer();
  await writeFile(join(root(), 'train', 'cat', 'x.jpg'), jpeg.subarray(0, -20));
  await refuses(/train.cat.x\.jpg: cannot decode: ./);
});

test('an image that cannot be opened is refused by name', async () => {
  await putSet();
  await rm(join(root(), 'train', 'dog', 'b.png'));
  await mkdir(join(root(), 'train', 'dog', 'c.png'));
  await symlink('nowhere', join(root(), 'train', 'dog', 'b.png'));
  await refuses(/^cannot read .*train.dog.b\.png: no such file or folder$/);
});

test('images of different sizes are refused with both names and sizes', async () => {
  await putSet();
  await put('test/dog/wide.png', [1, 2, 3], { width: 5 });
  await refuses(
    /^all images must have one size: .*train.cat.x\.jpg has 4 × 3 pixels, .*test.dog.wide\.png has 5 × 3$/,
  );
});

test('one class, an empty class and odd classes are refused', async () => {
  await put('cat/1.png', [1, 2, 3]);
  await refuses(/pets.?: only one class, "cat": it takes at least two$/);
  await mkdir(join(root(), 'dog'));
  await writeFile(join(root(), 'dog', 'a.gif'), '');
  await refuses(/pets.?: class "dog" has no images \(\.png, \.jpg, \.jpeg or \.webp files\)$/);
  await rm(root(), { recursive: true });

  await putSet();
  await put('test/cow/1.png', [1, 2, 3]);
  await refuses(/pets: class "cow" is in test\/, but not in train\/$/);
  await put('train/cow/1.png', [1, 2, 3]);
  await rm(join(root(), 'test', 'cow', '1.png'));
  await refuses(/pets.test.?: class "cow" has no images/);
  await rm(join(root(), 'test'), { recursive: true });
  await refuses(
    /pets: there is train\/CLASS, but no folder test beside it: add it, or load .*train/,
  );
});

test('a folder without images is refused', async () => {
  await mkdir(join(root(), 'a', 'deeper'), { recursive: true });
  await mkdir(join(root(), 'b'));
  await refuses(/pets.?: no images: it needs folders CLASS with \.png, .* files in them$/);
  await rm(root(), { recursive: true });
  await refuses(/^cannot read .*pets: no such file or folder$/);
  await mkdir(root());
  await assert.rejects(loadDataset(root()), /pets: it holds neither IDX files .* nor folders of/);
});

test('classes may be named train and test', async () => {
  for (const name of ['train/1.png', 'train/2.png', 'test/1.png', 'test/2.png']) {
    await put(name, [1, 2, 3]);
  }
  assert.deepEqual((await loadImageFolder(root())).classNames, ['test', 'train']);
});

const shared = join(tmpdir(), 'cifar10-jpeg');
const skip = !existsSync(shared) && `CIFAR-10 (JPEG) is not unpacked in ${shared}`;
test('CIFAR-10 (JPEG) is an image folder', { skip }, async () => {
  // Half a minute the first time; the next ones find the cache.
  process.env.BREGMAN_CACHE = join(tmpdir(), 'bregman-test-cache');
  const { train, test, classNames, mean } = await loadDataset(shared);
  assert.deepEqual([train.count, test.count, classNames?.[9]], [50_000, 10_000, 'truck']);
  for (const [channel, official] of [0.4914, 0.4822, 0.4465].entries()) {
    assert.ok(Math.abs(mean[channel] - official) < 5e-4, `${mean}`);
  }
});
