import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { stream } from '#lib/math/index.js';
import { type Start, sparseNormal } from '#lib/train/initialize.js';

/** Of a convolution with 6 filters of 4 kernels of 3 × 3. */
const shape = [6, 4, 3, 3];
const size = 216;

const draw = (start: Omit<Start, 'gain' | 'bias'>, seed = 0) =>
  sparseNormal(shape, 36, { gain: 1, ...start }, stream(seed, 'test'));

/** The unit of an entry, and how many there are. */
const units = {
  entries: [(i: number) => i, size],
  rows: [(i: number) => Math.floor(i / 36), 6],
  columns: [(i: number) => Math.floor(i / 9) % 4, 4],
  kernels: [(i: number) => Math.floor(i / 9), 24],
  filters: [(i: number) => Math.floor(i / 36), 6],
} as const;

const positions = (weights: Float32Array): number[] =>
  [...weights.keys()].filter((i) => weights[i] !== 0);

describe('an exact mask', () => {
  for (const [by, [unitOf, count]] of Object.entries(units)) {
    test(`keeps ⌈ρn⌉ whole units: ${by}`, () => {
      for (const density of [0, 0.01, 0.07, 0.5, 0.999, 1]) {
        const weights = draw({ density, by: by as Start['by'], mask: 'exact' });
        const kept = new Set(positions(weights).map(unitOf));
        assert.equal(kept.size, Math.ceil(density * count));
        assert.equal(positions(weights).length, (kept.size * size) / count);
      }
    });
  }

  test('counts 7 % of 100 as 7, whatever 0.07 · 100 is in floating point', () => {
    const start = { density: 0.07, by: 'entries', mask: 'exact', gain: 1 } as const;
    const weights = sparseNormal([10, 10], 10, start, stream(0, 'test'));
    assert.equal(positions(weights).length, 7);
  });

  test('chooses every unit equally often', () => {
    const hits = new Float64Array(24);
    const draws = 2400;
    for (let seed = 0; seed < draws; seed++) {
      const weights = draw({ density: 0.25, by: 'kernels', mask: 'exact' }, seed);
      for (const i of positions(weights)) hits[Math.floor(i / 9)] += 1 / 9;
    }
    // 600 expected, a standard deviation of 21.
    for (const count of hits) assert.ok(Math.abs(count - draws / 4) < 100, `${count} hits`);
  });
});

test('a Bernoulli mask is the default, and draws what it always drew', () => {
  const entries = draw({ density: 0.05, by: 'entries' });
  assert.deepEqual(
    positions(entries),
    [7, 8, 12, 27, 54, 92, 95, 96, 97, 109, 115, 118, 120, 157, 170, 172, 195, 200, 202, 210],
  );
  assert.equal(entries[7], Math.fround(-0.08190444111824036));
  const kernels = draw({ density: 0.2, by: 'kernels' });
  assert.deepEqual(
    [...new Set(positions(kernels).map(units.kernels[0]))],
    [5, 7, 8, 10, 11, 12, 16],
  );
  assert.deepEqual(draw({ density: 0.2, by: 'kernels', mask: 'bernoulli' }), kernels);
});
