import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { stream } from '#lib/math/index.js';
import {
  type BudgetedLayer,
  LEAST_ALIVE,
  type SupportContext,
  type SupportedLayer,
  supportPolicies,
} from '#lib/optim/index.js';
import { validate } from '#lib/schema/index.js';
import { normals } from '../nn/site.js';

/** A run of 100 steps with layers of these shapes. */
function runOf(layers: readonly BudgetedLayer[], seed = 0): SupportContext {
  return { seed, epochs: 10, stepsPerEpoch: 10, layers };
}

/** The policy of a configuration as people write it. */
function policyOf(written: object, run: SupportContext) {
  return supportPolicies.build(validate(supportPolicies.schema, written, 'support'), run);
}

/** A layer with a moment, which a policy may change. */
function layerOf(
  theta: readonly number[],
  gradient?: readonly number[],
  name = 'fc',
): SupportedLayer {
  const moment = Float32Array.from(theta, (x) => (x === 0 ? 0 : 10 * x));
  const state = {
    theta: Float32Array.from(theta),
    shape: [2, theta.length / 2],
    moments: [moment],
  };
  return { name, state, gradient: gradient && Float32Array.from(gradient) };
}

const thetaOf = ({ state }: SupportedLayer) => [...state.theta];
const momentOf = ({ state }: SupportedLayer) => [...state.moments[0]];
const float32 = (numbers: readonly number[]) => [...Float32Array.from(numbers)];
const countLive = (theta: readonly number[]) => theta.filter((x) => x !== 0).length;

describe('RigL', () => {
  const fc1 = { name: 'fc', shape: [2, 5] };
  // At step 50 of 100 the cosine is 0 and the share half the fraction.
  const half = { kind: 'rigl', density: 0.4, everySteps: 50, until: 1, fraction: 1 };

  test('the smallest weights go, those of the largest gradients grow, at 0 and without moments', () => {
    const policy = policyOf(half, runOf([fc1]));
    const layer = layerOf(
      [0.1, 0, -0.5, 0, 0, 0.2, 0, -0.05, 0, 0],
      [0.9, -1, 7, 0.3, 2, 8, -3, -0.1, 0, 0.2],
    );
    policy.change([layer], 50);
    // 0.1 and −0.05 go; of the eight that do not live then, −3 and 2 are the largest gradients.
    const grown = LEAST_ALIVE;
    assert.deepEqual(thetaOf(layer), float32([0, 0, -0.5, 0, grown, 0.2, grown, 0, 0, 0]));
    assert.deepEqual(momentOf(layer), float32([0, 0, -5, 0, 0, 2, 0, 0, 0, 0]));
  });

  test('a weight that is dropped and grown at once stays as it is', () => {
    const policy = policyOf(half, runOf([fc1]));
    const layer = layerOf(
      [0.1, 0, -0.5, 0, 0, 0.2, 0, -0.05, 0, 0],
      [5, -1, 7, 0.3, 2, 8, -3, -0.1, 0, 0.2],
    );
    policy.change([layer], 50);
    assert.deepEqual(thetaOf(layer), float32([0.1, 0, -0.5, 0, 0, 0.2, LEAST_ALIVE, 0, 0, 0]));
    assert.deepEqual(momentOf(layer), float32([1, 0, -5, 0, 0, 2, 0, 0, 0, 0]));
  });

  test('where all gradients are 0, or some no numbers, as many grow as go', () => {
    for (const g of [0, Number.NaN]) {
      const layer = layerOf([0.1, 0, -0.5, 0, 0, 0.2, 0, -0.05, 0, 0], new Array(10).fill(g));
      policyOf(half, runOf([fc1])).change([layer], 50);
      assert.equal(countLive(thetaOf(layer)), 4);
    }
  });

  test('the share of a change follows the cosine', () => {
    const size = 1000;
    const policy = policyOf(
      { kind: 'rigl', density: 0.5, everySteps: 10, until: 0.75, fraction: 0.3 },
      runOf([{ name: 'fc', shape: [2, 500] }]),
    );
    const changed = Array.from({ length: 100 }, (_, steps) => steps).filter(policy.changes);
    assert.deepEqual(changed, [10, 20, 30, 40, 50, 60, 70]);
    const grown = changed.map((steps) => {
      const theta = Array.from({ length: size }, (_, i) => (i % 2 ? 0 : 1 + i));
      // The gradients of all that rested are larger than those of what lived.
      const layer = layerOf(
        theta,
        theta.map((x) => (x === 0 ? 2 : 1)),
      );
      policy.change([layer], steps);
      return thetaOf(layer).filter((x, i) => x !== 0 && theta[i] === 0).length;
    });
    // ⌊500 · 0.15 (1 + cos(π t / 75))⌋
    assert.deepEqual(grown, [143, 125, 98, 67, 37, 14, 1]);
  });

  test('exact gradients in the steps that change, of the live weights alone in all others', () => {
    const policy = policyOf(
      { kind: 'rigl', density: 0.5, everySteps: 4, until: 0.1 },
      runOf([fc1]),
    );
    const scopes = Array.from({ length: 14 }, (_, steps) => policy.scope(steps));
    assert.deepEqual(
      scopes.flatMap((scope, steps) => (scope === 'all' ? [steps] : [])),
      [4, 8],
    );
  });

  test('any layer, as sorting says', () => {
    const cases = fc.record({
      size: fc.integer({ min: 2, max: 40 }).map((n) => 2 * n),
      seed: fc.integer(),
      density: fc.constantFrom(0.1, 0.5, 0.9, 1),
      rounded: fc.boolean(),
    });
    fc.assert(
      fc.property(cases, ({ size, seed, density, rounded }) => {
        // Rounded, many magnitudes are equal.
        const draw = (at: number, density = 1) =>
          float32([...normals(size, at, density)].map((x) => (rounded ? Math.round(2 * x) : x)));
        const theta = draw(seed, density);
        const gradient = draw(seed + 1);
        const layer = layerOf(theta, gradient);
        policyOf({ ...half, density: 0.9 }, runOf([{ name: 'fc', shape: [2, size / 2] }])).change(
          [layer],
          50,
        );
        assert.deepEqual(thetaOf(layer), rewiredBySorting(theta, gradient, 0.5));
      }),
    );
  });
});

/** The plain specification: sort, drop, sort, grow; of equals the earlier ones stay and grow. */
function rewiredBySorting(
  theta: readonly number[],
  gradient: readonly number[],
  share: number,
): number[] {
  const bySize = (of: readonly number[], indices: readonly number[]) =>
    indices.toSorted((a, b) => Math.abs(of[b]) - Math.abs(of[a]) || a - b);
  const all = [...theta.keys()];
  const live = all.filter((i) => theta[i] !== 0);
  const count = Math.floor(share * live.length);
  const kept = bySize(theta, live).slice(0, live.length - count);
  const rest = all.filter((i) => !kept.includes(i));
  const grown = bySize(gradient, rest).slice(0, count);
  const full = live.length === theta.length;
  return theta.map((x, i) => {
    if (full || kept.includes(i)) return x;
    if (!grown.includes(i)) return 0;
    return x === 0 ? LEAST_ALIVE : x;
  });
}

describe('SET', () => {
  const theta = [0.1, 0, -0.5, 0, 0, 0.2, 0, -0.05, 0, 0];
  const options = { kind: 'set', density: 0.4, everySteps: 10, fraction: 0.5 };
  const changedBy = (seed: number, steps = 9, name = 'fc') => {
    const layer = layerOf(theta, undefined, name);
    policyOf(options, runOf([{ name, shape: [2, 5] }], seed)).change([layer], steps);
    return thetaOf(layer);
  };

  test('the smallest weights go, as many others grow', () => {
    for (let seed = 0; seed < 20; seed++) {
      const after = changedBy(seed);
      assert.equal(countLive(after), 4);
      assert.deepEqual([after[2], after[5]], float32([-0.5, 0.2]));
      for (const [i, x] of after.entries()) {
        // What grows anew begins at 0; what went and came back at once is as it was.
        if (i !== 2 && i !== 5 && x !== 0) {
          assert.equal(x, theta[i] === 0 ? LEAST_ALIVE : Math.fround(theta[i]));
        }
      }
    }
  });

  test('which ones follows from the seed, the step and the name, and each is as likely', () => {
    assert.deepEqual(changedBy(1), changedBy(1));
    const others = [changedBy(2), changedBy(3), changedBy(1, 19), changedBy(1, 9, 'fc2')];
    assert.ok(others.some((each) => String(each) !== String(changedBy(1))));
    const grown = new Array(10).fill(0);
    const draws = 2000;
    for (let seed = 0; seed < draws; seed++) {
      for (const [i, x] of changedBy(seed).entries()) if (x !== 0) grown[i]++;
    }
    // Two of eight: a quarter of the draws, give or take five standard deviations of 19.
    for (const [i, times] of grown.entries()) {
      if (i === 2 || i === 5) assert.equal(times, draws);
      else assert.ok(Math.abs(times - draws / 4) < 97, `${i}: ${times}`);
    }
  });

  test('never asks for gradients of what rests, and ends in time', () => {
    const policy = policyOf(options, runOf([{ name: 'fc', shape: [2, 5] }]));
    const steps = Array.from({ length: 100 }, (_, i) => i);
    assert.ok(steps.every((each) => policy.scope(each) === 'support'));
    assert.deepEqual(steps.filter(policy.changes), [9, 19, 29, 39, 49, 59, 69]);
  });
});

describe('GMP', () => {
  const layers = [
    { name: 'fc1', shape: [10, 10] },
    { name: 'fc2', shape: [10, 4] },
  ];
  const weights = (size: number, seed: number) =>
    Array.from(normals(size, seed), (x) => x + Math.sign(x));

  /** Live weights of both layers after each change, and the layers at the end. */
  function prunedBy(options: object) {
    const policy = policyOf({ kind: 'gmp', everySteps: 10, ...options }, runOf(layers));
    const random = stream(3, 'start');
    const pruned = layers.map(({ name, shape }, i) => {
      const size = shape[0] * shape[1];
      const order = Uint32Array.from({ length: size }, (_, j) => j);
      random.shuffle(order);
      const live = new Set(order.subarray(0, policy.start[i]));
      return layerOf(
        weights(size, i).map((x, j) => (live.has(j) ? x : 0)),
        undefined,
        name,
      );
    });
    const before = pruned.map(thetaOf);
    const counts: Record<number, number[]> = {};
    for (let steps = 0; steps < 100; steps++) {
      assert.equal(policy.scope(steps), 'support');
      if (!policy.changes(steps)) continue;
      policy.change(pruned, steps);
      counts[steps + 1] = pruned.map((layer) => countLive(thetaOf(layer)));
    }
    return { start: policy.start, counts, before, after: pruned.map(thetaOf) };
  }

  test('the cubic schedule, by hand', () => {
    // (1 − t/40)³ at 10, 20, 30, 40: 27/64, 1/8, 1/64, 0; from 100 to 20, and from 40 to 8.
    const { start, counts } = prunedBy({ density: 0.2, budget: 'uniform', until: 0.4 });
    assert.deepEqual(start, [100, 40]);
    assert.deepEqual(counts, { 10: [54, 22], 20: [30, 12], 30: [21, 9], 40: [20, 8] });
  });

  test('from a point of the run, and from less than dense', () => {
    // From 50 to 20 and from 20 to 8; the end is no multiple of `everySteps` away.
    const { start, counts } = prunedBy({
      density: 0.2,
      budget: 'uniform',
      from: 0.5,
      begin: 0.2,
      until: 0.45,
    });
    assert.deepEqual(start, [50, 20]);
    // (1 − 10/25)³ = 0.216, (1 − 20/25)³ = 0.008
    assert.deepEqual(counts, { 30: [26, 11], 40: [20, 8], 45: [20, 8] });
  });

  test('ERK: every layer has a number of its own', () => {
    // 28 of 140: s = 20 and 14; ε = 28 / 34, 16.5 and 11.5.
    const { counts } = prunedBy({ density: 0.2, until: 0.4 });
    assert.equal(counts[40][0] + counts[40][1], 28);
    assert.ok(Math.abs(counts[40][0] - 16.5) < 1);
  });

  test('only the largest are left, in each layer or of all together', () => {
    for (const budget of ['uniform', 'global']) {
      const { before, after, counts } = prunedBy({ density: 0.2, budget, until: 0.4 });
      const parts = budget === 'global' ? [[0, 1]] : [[0], [1]];
      assert.equal(counts[40][0] + counts[40][1], 28);
      for (const part of parts) {
        const old = part.flatMap((i) => before[i]);
        const left = part.flatMap((i) => after[i]);
        const kept = left.filter((x) => x !== 0);
        assert.deepEqual(
          left,
          old.map((x) => (kept.includes(x) ? x : 0)),
        );
        const sizes = old.map(Math.abs).toSorted((a, b) => b - a);
        assert.deepEqual(
          kept.map(Math.abs).toSorted((a, b) => b - a),
          sizes.slice(0, kept.length),
        );
      }
    }
  });
});

test('static: nothing changes', () => {
  const policy = policyOf({ kind: 'static', density: 0.4 }, runOf([{ name: 'fc', shape: [2, 5] }]));
  const steps = Array.from({ length: 100 }, (_, i) => i);
  assert.ok(steps.every((each) => policy.scope(each) === 'support' && !policy.changes(each)));
  assert.deepEqual(policy.start, [4]);
});

test('what cannot be is said in a line', () => {
  const layers = [
    { name: 'fc1.weight', shape: [200, 784] },
    { name: 'fc3.weight', shape: [10, 8] },
  ];
  const wrong: [object, string][] = [
    [
      { kind: 'rigl', density: 0.001, budget: 'uniform' },
      'density 0.001 leaves none of the 80 weights of fc3.weight; it must be higher, or the layer be dense',
    ],
    [
      { kind: 'gmp', density: 0.5, from: 0.2 },
      'from 0.2 is below the density 0.5; it must be at least that',
    ],
    [
      { kind: 'gmp', density: 0.5, begin: 0.8 },
      'begin 0.8 is not before until 0.75; it must be less',
    ],
  ];
  for (const [options, message] of wrong) {
    assert.throws(() => policyOf(options, runOf(layers)), { name: 'UserError', message });
  }
});
