import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { UserError } from '@bregman/core/files';
import { cacheFolder, type Dataset, loadDataset, loadMnist } from '#lib/data/index.js';

const shared = fileURLToPath(new URL('../../../../../shared/data/fashion-mnist/', import.meta.url));
const skip = !existsSync(shared) && 'the shared copy of Fashion-MNIST is absent';

/** Samples of each class, and the mean and standard deviation of the pixels / 255. */
function summary({ train, test }: Dataset) {
  return [train, test].map(({ count, inputs, shape, targets }) => {
    assert.ok(targets.kind === 'classes');
    assert.ok(inputs.length === count * 784 && String(shape) === '1,28,28');
    const perClass = new Array(targets.classes).fill(0);
    for (const label of targets.labels) perClass[label]++;
    let sum = 0;
    let squares = 0;
    for (let i = 0; i < inputs.length; i++) {
      sum += inputs[i];
      squares += inputs[i] ** 2;
    }
    const mean = sum / inputs.length / 255;
    const std = Math.sqrt(squares / inputs.length / 255 ** 2 - mean ** 2);
    return { count, perClass, mean: mean.toFixed(4), std: std.toFixed(4) };
  });
}

test('MNIST comes with the package', async () => {
  const set = await loadDataset('mnist');
  assert.deepEqual(summary(set)[0], {
    count: 60000,
    perClass: [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949],
    mean: '0.1307',
    std: '0.3081',
  });
  assert.equal(set.test.count, 10000);
  assert.deepEqual([set.mean, set.std, set.name], [[0.1307], [0.3081], 'mnist']);
  assert.equal(set.classNames?.[7], '7');
  await assert.rejects(loadMnist({ dir: join(shared, 'none') }), UserError);
});

test('Fashion-MNIST is read from a folder', { skip }, async () => {
  const set = await loadDataset('fashion-mnist', { dir: shared });
  const parts = summary(set);
  assert.deepEqual(
    parts.map(({ count, perClass }) => [count, ...perClass]),
    [
      [60000, ...new Array(10).fill(6000)],
      [10000, ...new Array(10).fill(1000)],
    ],
  );
  assert.deepEqual([parts[0].mean, parts[0].std], ['0.2860', '0.3530']);
  assert.deepEqual([set.mean, set.std, set.name], [[0.5], [0.5], 'fashion-mnist']);
  assert.equal(set.classNames?.[9], 'Ankle boot');
});

test('the official files of Fashion-MNIST in the cache are accepted', { skip }, async (t) => {
  const cache = await mkdtemp(join(tmpdir(), 'bregman-cache-'));
  const saved = process.env.BREGMAN_CACHE;
  t.after(async () => {
    if (saved === undefined) delete process.env.BREGMAN_CACHE;
    else process.env.BREGMAN_CACHE = saved;
    await rm(cache, { recursive: true });
  });
  process.env.BREGMAN_CACHE = cache;
  await mkdir(join(cache, 'fashion-mnist'));
  // The shared files are Debian's: the official ones but for name and time in the gzip header.
  for (const [prefix, time] of [
    ['train', 0x59a7e9de],
    ['t10k', 0x59a7e9f3],
  ] as const) {
    for (const stem of [`${prefix}-images-idx3-ubyte`, `${prefix}-labels-idx1-ubyte`]) {
      const debian = await readFile(join(shared, `${stem}.gz`));
      debian[3] = 8;
      debian.writeUInt32LE(time, 4);
      const official = [debian.subarray(0, 10), Buffer.from(`${stem}\0`), debian.subarray(10)];
      await writeFile(join(cache, 'fashion-mnist', `${stem}.gz`), Buffer.concat(official));
    }
  }
  const onProgress = () => assert.fail('nothing should be downloaded');
  const set = await loadDataset('fashion-mnist', { onProgress });
  assert.equal(set.test.count, 10000);
});

test('the cache has its place on every platform', () => {
  const home = join('/', 'home', 'u');
  const at = (platform: NodeJS.Platform, env = {}) => cacheFolder(env, platform, home);
  assert.equal(at('linux'), join(home, '.cache', 'bregman'));
  assert.equal(at('linux', { XDG_CACHE_HOME: '/x' }), join('/x', 'bregman'));
  assert.equal(at('linux', { XDG_CACHE_HOME: 'relative' }), join(home, '.cache', 'bregman'));
  assert.equal(at('darwin'), join(home, 'Library', 'Caches', 'bregman'));
  assert.equal(at('win32', { LOCALAPPDATA: 'L' }), join('L', 'bregman', 'Cache'));
  assert.equal(at('win32'), join(home, 'AppData', 'Local', 'bregman', 'Cache'));
  assert.equal(at('darwin', { BREGMAN_CACHE: '/b', XDG_CACHE_HOME: '/x' }), '/b');
});
