import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  blurPlanes,
  type Dataset,
  type Restoration,
  restoration,
  samples,
  subset,
} from '#lib/data/index.js';
import { stream } from '#lib/math/index.js';

const SHAPE = [2, 5, 7];
const SIZE = 70;

/** Random bytes; image i has the label i % 3. */
function images(count: number, name = 'images') {
  const random = stream(3, name);
  const inputs = Uint8Array.from({ length: count * SIZE }, () => random.below(256));
  return samples(
    inputs,
    SHAPE,
    Uint8Array.from({ length: count }, (_, i) => i % 3),
  );
}

const data: Dataset = {
  name: 'toy',
  mean: [0.5, 0.4],
  std: [0.2, 0.3],
  classNames: ['a', 'b', 'c'],
  train: images(40),
  test: images(20, 'test'),
};

function valuesOf({ targets }: Dataset['train']): Float32Array {
  assert.ok(targets.kind === 'values');
  return targets.values;
}

test('denoising: clean images as targets, noise of the deviation asked for, not cut off', () => {
  const { train, test, mean, classNames } = restoration(data, { kind: 'denoise', noise: 0.3 }, 1);
  assert.deepEqual(
    [train.count, train.shape, mean, classNames],
    [40, SHAPE, [0.5, 0.4], undefined],
  );
  const clean = valuesOf(train);
  assert.equal(clean[17], Math.fround((data.train.inputs[17] as number) / 255));
  const noise = Float64Array.from(train.inputs, (x, i) => x - clean[i]);
  const average = noise.reduce((sum, x) => sum + x) / noise.length;
  const variance = noise.reduce((sum, x) => sum + x * x, 0) / noise.length;
  assert.ok(Math.abs(average) < 0.03 && Math.abs(Math.sqrt(variance) - 0.3) < 0.02);
  assert.ok(train.inputs.some((x) => x < 0) && train.inputs.some((x) => x > 1));
  // Test images have noise of their own.
  assert.notEqual(test.inputs[0] - valuesOf(test)[0], noise[0]);
});

test('noise belongs to the seed and the image, whatever the number of others', () => {
  const task: Restoration = { kind: 'denoise', noise: 0.1 };
  const again = restoration(data, task, 1).train.inputs;
  assert.deepEqual(restoration(data, task, 1).train.inputs, again);
  assert.notDeepEqual(restoration(data, task, 2).train.inputs, again);
  const few = {
    ...data,
    train: { ...data.train, ...samples(data.train.inputs.slice(0, 4 * SIZE), SHAPE, [0, 1, 2, 0]) },
  };
  assert.deepEqual(restoration(few, task, 1).train.inputs, again.slice(0, 4 * SIZE));
});

test('a blur keeps the mean of each plane and flattens it', () => {
  for (const deviation of [0.3, 1, 4]) {
    const planes = Float32Array.from(data.train.inputs.slice(0, SIZE), (byte) => byte / 255);
    const before = planes.slice();
    blurPlanes(planes, 5, 7, deviation);
    for (const plane of [0, 1]) {
      const part = (from: Float32Array) => from.subarray(plane * 35, (plane + 1) * 35);
      const mean = (from: Float32Array) => from.reduce((sum, x) => sum + x) / 35;
      const spread = (from: Float32Array) =>
        from.reduce((sum, x) => sum + (x - mean(from)) ** 2, 0);
      assert.ok(Math.abs(mean(part(planes)) - mean(part(before))) < 1e-6);
      assert.ok(spread(part(planes)) < spread(part(before)));
    }
  }
});

test('a blur of a point is a Gaussian', () => {
  const point = new Float32Array(31 * 31);
  point[15 * 31 + 15] = 1;
  blurPlanes(point, 31, 31, 2);
  const at = (y: number, x: number) => point[(15 + y) * 31 + 15 + x];
  assert.ok(Math.abs(at(0, 2) / at(0, 0) - Math.exp(-0.5)) < 1e-6);
  assert.ok(Math.abs(at(2, 2) / at(0, 0) - Math.exp(-1)) < 1e-6);
  assert.ok(Math.abs(at(-3, 1) - at(1, 3)) < 1e-9);
});

test('deblurring: blur first, then noise', () => {
  const blurred = valuesOf(
    restoration(data, { kind: 'deblur', blur: 1, noise: 0 }, 1).train,
  ).slice();
  blurPlanes(blurred, 5, 7, 1);
  assert.deepEqual(
    restoration(data, { kind: 'deblur', blur: 1, noise: 0 }, 1).train.inputs,
    blurred,
  );
});

test('what is no image cannot be restored', () => {
  const flat = samples(new Float32Array(8), [4], [0, 1]);
  assert.throws(
    () => restoration({ ...data, train: flat }, { kind: 'denoise', noise: 1 }, 0),
    /task: denoise takes images \[channels, height, width\], not \[4\]/,
  );
});

test('a part of a set: so many samples of it, each with its target', () => {
  const { train, test: rest } = subset(data, { train: 12 }, 5);
  assert.equal(rest, data.test);
  assert.equal(train.count, 12);
  const all = Array.from({ length: 40 }, (_, i) =>
    String(data.train.inputs.slice(i * SIZE, (i + 1) * SIZE)),
  );
  const places = Array.from({ length: 12 }, (_, i) =>
    all.indexOf(String(train.inputs.slice(i * SIZE, (i + 1) * SIZE))),
  );
  assert.ok(places.every((place, i) => place > (places[i - 1] ?? -1)));
  assert.ok(places.at(-1)! > 12);
  assert.ok(train.targets.kind === 'classes');
  assert.deepEqual(
    [...train.targets.labels],
    places.map((place) => place % 3),
  );
  assert.throws(
    () => subset(data, { test: 21 }, 5),
    /samples.test: 21 are more than the 20 that there are/,
  );
});
