import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { augment, cutOut } from '#lib/data/index.js';
import { UserError } from '#lib/files/index.js';
import { type RandomStream, stream } from '#lib/math/index.js';

/** Pads, cuts out and mirrors one image as the words say. */
function plain(
  image: number[],
  [channels, height, width]: number[],
  p: number,
  flip: boolean,
  random: RandomStream,
): number[] {
  const top = p > 0 ? random.below(2 * p + 1) : 0;
  const left = p > 0 ? random.below(2 * p + 1) : 0;
  const mirrored = flip && random.bernoulli(0.5);
  const padded = (c: number, y: number, x: number) =>
    y < p || y >= height + p || x < p || x >= width + p
      ? 0
      : image[(c * height + y - p) * width + x - p];
  const result: number[] = [];
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        result.push(padded(c, y + top, left + (mirrored ? width - 1 - x : x)));
      }
    }
  }
  return result;
}

test('images are as a plain version makes them', () => {
  fc.assert(
    fc.property(
      fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 7 }), fc.nat(6)),
      fc.nat(9),
      fc.boolean(),
      fc.boolean(),
      fc.integer(),
      ([channels, height, w], crop, flip, bytes, seed) => {
        const shape = [channels, height, w + 1];
        const size = channels * height * (w + 1);
        const values = Array.from({ length: 4 * size }, (_, i) => 1 + (i % 255));
        const order = [3, 0, 2, 2, 1];
        const expected = [0, 2, 2].flatMap(
          (
            (random) => (i: number) =>
              plain(values.slice(i * size, (i + 1) * size), shape, crop, flip, random)
          )(stream(seed)),
        );
        const source = bytes ? Uint8Array.from(values) : Float32Array.from(values);
        const to = (bytes ? new Uint8Array(4 * size) : new Float32Array(4 * size)).fill(7);
        augment(source, shape, order, 1, 3, { crop, flip }, stream(seed), to);
        assert.deepEqual([...to], [...expected, ...new Array(size).fill(7)]);
      },
    ),
    { numRuns: 500 },
  );
});

test('without crop and flip images are copied, and no random numbers are drawn', () => {
  const source = Uint8Array.from({ length: 24 }, (_, i) => i);
  const to = new Uint8Array(24);
  const random = stream(1);
  augment(source, [2, 2, 3], [1, 0], 0, 2, { crop: 0, flip: false }, random, to);
  assert.deepEqual([...to], [...source.subarray(12), ...source.subarray(0, 12)]);
  assert.equal(random.uniform(), stream(1).uniform());
});

test('every offset is equally likely, half of the images are mirrored', () => {
  const p = 2;
  const n = 20_000;
  // A pixel in the middle shows the offset; its neighbour to the right shows the mirror.
  const source = new Uint8Array(81);
  source[4 * 9 + 4] = 1;
  source[4 * 9 + 5] = 2;
  const to = new Uint8Array(81 * n);
  augment(source, [1, 9, 9], new Int32Array(n), 0, n, { crop: p, flip: true }, stream(3), to);
  const counts = new Map<string, number>();
  for (let i = 0; i < n; i++) {
    const at = to.subarray(i * 81, (i + 1) * 81).indexOf(1);
    const mirrored = to[i * 81 + at + 1] !== 2;
    assert.equal(to[i * 81 + at + (mirrored ? -1 : 1)], 2);
    const key = `${Math.floor(at / 9)},${at % 9},${mirrored}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  assert.equal(counts.size, 50);
  // Chi squared of 49 degrees of freedom: beyond 85 once in a thousand.
  const expected = n / 50;
  const chi2 = [...counts.values()].reduce((sum, c) => sum + (c - expected) ** 2 / expected, 0);
  assert.ok(chi2 < 85, `chi squared ${chi2}`);
});

test('the same stream gives the same images, another one others', () => {
  const source = Float32Array.from({ length: 300 }, (_, i) => i);
  const make = (seed: number) => {
    const to = new Float32Array(300);
    augment(source, [3, 10, 10], [0], 0, 1, { crop: 4, flip: true }, stream(seed, 'augment'), to);
    return to;
  };
  assert.deepEqual(make(1), make(1));
  assert.notDeepEqual(make(1), make(2));
});

test('what does not fit is refused', () => {
  const source = new Uint8Array(8);
  const refuses = (
    message: string,
    { shape = [1, 2, 2], order = [0, 1], from = 0, count = 2, crop = 1, room = 8 },
  ) =>
    assert.throws(
      () =>
        augment(
          source,
          shape,
          order,
          from,
          count,
          { crop, flip: true },
          stream(1),
          new Uint8Array(room),
        ),
      new UserError(`augment: ${message}`),
    );
  refuses('shape [4] is not [channels, height, width]', { shape: [4] });
  refuses('crop must be a whole number of pixels, not 1.5', { crop: 1.5 });
  refuses('crop must be a whole number of pixels, not -1', { crop: -1 });
  refuses('images 1 to 2 of an order of 2', { from: 1 });
  refuses('2 images take 8 values, there is room for 7', { room: 7 });
  refuses('there is no image 2 among 2', { order: [0, 2] });
  refuses('there is no image -1 among 2', { order: [-1, 0] });
});

test('cutout covers what lies within the square by the mean, as a plain version does', () => {
  fc.assert(
    fc.property(
      fc.tuple(
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 7 }),
        fc.integer({ min: 1, max: 7 }),
      ),
      fc.integer({ min: 1, max: 9 }),
      fc.boolean(),
      fc.boolean(),
      fc.integer(),
      ([channels, height, width], side, bytes, oneMean, seed) => {
        const count = 3;
        const mean = [0.25, 0.4914, 0.5].slice(0, oneMean ? 1 : channels);
        const values = Array.from({ length: count * channels * height * width }, (_, i) => 200 + i);
        const images = bytes ? Uint8Array.from(values) : Float32Array.from(values);
        const expected = images.slice();
        const random = stream(seed);
        for (let image = 0; image < count; image++) {
          const [row, column] = [random.below(height), random.below(width)];
          const within = (at: number, centre: number) => {
            const from = centre - Math.floor(side / 2);
            return at >= from && at < from + side;
          };
          for (let c = 0; c < channels; c++) {
            for (let y = 0; y < height; y++) {
              for (let x = 0; x < width; x++) {
                if (!within(y, row) || !within(x, column)) continue;
                const gray = mean[oneMean ? 0 : c];
                const at = ((image * channels + c) * height + y) * width + x;
                expected[at] = bytes ? Math.round(255 * gray) : gray;
              }
            }
          }
        }
        cutOut(images, [channels, height, width], count, side, mean, stream(seed));
        assert.deepEqual(images, expected);
      },
    ),
    { numRuns: 300 },
  );
});

test('the centre of a cutout is any pixel: the corners are covered as often as they should be', () => {
  const [count, height, width] = [20_000, 4, 5];
  const images = new Uint8Array(count * height * width).fill(9);
  cutOut(images, [1, height, width], count, 2, [0], stream(5));
  const covered = Array.from({ length: height * width }, (_, pixel) => {
    let sum = 0;
    for (let i = pixel; i < images.length; i += height * width) sum += Number(images[i] === 0);
    return sum / count;
  });
  // Squares of centre (y, x) cover y − 1, y and x − 1, x: the last row and column lie in one, others in two.
  const chance = (pixel: number) =>
    ((pixel >= (height - 1) * width ? 1 : 2) * (pixel % width === width - 1 ? 1 : 2)) /
    (height * width);
  for (const [pixel, share] of covered.entries()) {
    const expected = chance(pixel);
    // Four standard deviations.
    const margin = 4 * Math.sqrt((expected * (1 - expected)) / count);
    assert.ok(Math.abs(share - expected) < margin, `${pixel}: ${share}, expected ${expected}`);
  }
});
