import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { l1, stream } from '#lib/math/index.js';
import {
  discrepancy,
  fixed,
  initialState,
  type LambdaView,
  lambdaKeeping,
  methods,
  scheduled,
  targetDensity,
  type Units,
} from '#lib/optim/index.js';
import { dot } from '../math/arbitraries.js';
import { hyperparameters } from './hyperparameters.js';

/** A view that only holds numbers, and counts the resets of v. */
function viewOf(lambda: number, density = 0, units: readonly Units[] = []) {
  return {
    lambda,
    density,
    resets: 0,
    units: () => units,
    resetSubgradients() {
      this.resets++;
    },
  };
}

const kept = (units: readonly Units[], lambda: number) =>
  units.reduce((sum, u) => sum + u.size * u.thresholds.filter((t) => t > lambda).length, 0);

test('fixed has nothing to do', () => {
  const policy = fixed();
  assert.equal(policy.afterStep ?? policy.afterEpoch, undefined);
});

describe('scheduled', () => {
  const lambdas = (policy: ReturnType<typeof scheduled>) =>
    [1, 2, 3, 4].map((epochs) => {
      const view: LambdaView = viewOf(0);
      policy.afterEpoch?.(view, epochs);
      return view.lambda;
    });
  test('a list, of which the last value stays', () => {
    assert.deepEqual(lambdas(scheduled([0.1, 0.2, 0.3])), [0.2, 0.3, 0.3, 0.3]);
  });
  test('a function', () => assert.deepEqual(lambdas(scheduled((e) => e * e)), [1, 4, 9, 16]));
  test('an empty list', () => assert.throws(() => scheduled([]), RangeError));
});

describe('discrepancy', () => {
  const densities = [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1];
  // A trace of the reference's rules: two calls of warm-up and one to leave it, one of cooldown,
  // then a change in every second call, down to 0.
  const expected = [0.25, 0.25, 0.25, 0.25, 0.5, 0.5, 0.25, 0.25, 0, 0, 0, 0];
  const options = { target: 0.2, increment: 0.25, warmup: 2, cooldown: 1 };

  test('waits, steps toward the target, and resets v with every change', () => {
    const view = viewOf(0.25);
    const policy = discrepancy(options);
    const trace = densities.map((density, i) => {
      policy.afterEpoch?.(Object.assign(view, { density }), i + 1);
      return view.lambda;
    });
    assert.deepEqual(trace, expected);
    assert.equal(view.resets, 4);
  });

  test('resumes exactly from its state as JSON', () => {
    const view = viewOf(0.25);
    let policy = discrepancy(options);
    const trace = densities.map((density, i) => {
      const next = discrepancy(options);
      next.restore(JSON.parse(JSON.stringify(policy.state())));
      policy = next;
      policy.afterEpoch?.(Object.assign(view, { density }), i + 1);
      return view.lambda;
    });
    assert.deepEqual(trace, expected);
  });
});

describe('lambdaKeeping', () => {
  const unit = fc.oneof(
    fc.constantFrom(0, 0.5, 1, 2 ** -126, 2 ** -149),
    fc.float({ min: 0, noNaN: true, noDefaultInfinity: true }).map(Math.abs),
  );
  const group = fc.record({
    thresholds: fc.array(unit, { maxLength: 20 }).map((x) => Float32Array.from(x)),
    size: fc.integer({ min: 1, max: 9 }),
  });

  test('agrees with the definition: the least λ that keeps at most count weights', () => {
    fc.assert(
      fc.property(fc.array(group, { maxLength: 4 }), fc.nat(200), (units, count) => {
        const candidates = [0, ...units.flatMap((u) => [...u.thresholds])].sort((a, b) => a - b);
        const expected = candidates.find((lambda) => kept(units, lambda) <= count);
        assert.equal(lambdaKeeping(units, count), expected);
      }),
    );
  });

  test('keeps exactly 5 % of a large tensor, views into a larger buffer too', () => {
    const { normal } = stream(5);
    const v = Float32Array.from({ length: 100_001 }, normal).subarray(1).map(Math.abs);
    const whole = [{ thresholds: v, size: 1 }];
    const parts = [v.subarray(0, 30_000), v.subarray(30_000)].map((x) => ({
      thresholds: x,
      size: 1,
    }));
    const lambda = lambdaKeeping(whole, 5000);
    assert.equal(kept(whole, lambda), 5000);
    assert.equal(lambdaKeeping(parts, 5000), lambda);
  });
});

describe('targetDensity', () => {
  const units = [{ thresholds: Float32Array.of(1, 2, 3, 4), size: 1 }];

  test('moves log λ by its rate', () => {
    const view = viewOf(0.25, 0, units);
    targetDensity({ density: 0.5, rate: 0.5 }).afterStep?.(view);
    assert.ok(Math.abs(view.lambda - Math.sqrt(0.25 * 2)) < 1e-12);
  });

  test('reaches the quantile at rate 1', () => {
    const view = viewOf(0.25, 0, units);
    targetDensity({ density: 0.25, rate: 1 }).afterStep?.(view);
    assert.equal(view.lambda, 3);
  });

  test('leaves and approaches 0, which has no logarithm, along a line', () => {
    const up = viewOf(0, 0, units);
    targetDensity({ density: 0.5, rate: 0.5 }).afterStep?.(up);
    assert.equal(up.lambda, 1);
    const down = viewOf(1, 0, units);
    targetDensity({ density: 1, rate: 0.5 }).afterStep?.(down);
    assert.equal(down.lambda, 0.5);
  });

  test('refuses impossible settings', () => {
    assert.throws(() => targetDensity({ density: 5 }), /density 5/);
    assert.throws(() => targetDensity({ density: 0.05, rate: 0 }), /rate 0/);
  });

  for (const name of ['linbreg', 'adabreg'] as const) {
    for (const delta of [1, 2.5]) {
      test(`${name}, δ = ${delta}: from 1 % to 5 % on a noisy regression`, () => {
        const density = densityAfterTraining(name, delta);
        assert.ok(density > 0.045 && density < 0.055, `density ${density}`);
      });
    }
  }
});

/** Linear regression, 300 noisy samples of 1,000 features, batch 16, from λ = 0.1. */
function densityAfterTraining(name: 'linbreg' | 'adabreg', delta: number): number {
  const samples = 300;
  const features = 1000;
  const batch = 16;
  const { normal, bernoulli, below } = stream(11, 'regression');
  const inputs = Array.from({ length: samples }, () =>
    Float32Array.from({ length: features }, normal),
  );
  const truth = Float32Array.from({ length: features }, () => (bernoulli(0.1) ? normal() : 0));
  const labels = inputs.map((x) => dot(x, truth) + normal());

  const regularizer = l1();
  const learningRate = name === 'linbreg' ? 0.005 : 0.001;
  const hyper = { ...hyperparameters({ learningRate, delta, lambda: 0.1 }) };
  const theta = truth.map(() => (bernoulli(0.01) ? normal() : 0));
  const state = initialState(methods[name], theta, [features], hyper, regularizer);
  const density = () => theta.filter((x) => x !== 0).length / features;
  const view: LambdaView = {
    get lambda() {
      return hyper.lambda;
    },
    set lambda(lambda) {
      hyper.lambda = lambda;
    },
    get density() {
      return density();
    },
    units: () => [
      { thresholds: regularizer.thresholds!(state.subgradient!, state.shape), size: 1 },
    ],
    resetSubgradients: () => assert.fail('this policy keeps v'),
  };

  // More true weights than 5 %: their pull never ends, so λ has to be close behind λ*.
  const policy = targetDensity({ density: 0.05, rate: 0.5, everySteps: 1 });
  for (let t = 1; t <= 2000; t++) {
    const gradient = new Float32Array(features);
    for (let b = 0; b < batch; b++) {
      const sample = below(samples);
      const residual = (dot(inputs[sample], theta) - labels[sample]) / batch;
      for (let i = 0; i < features; i++) gradient[i] += residual * inputs[sample][i];
    }
    methods[name].step(state, gradient, hyper, regularizer, t);
    if (t % policy.everySteps! === 0) policy.afterStep?.(view);
  }
  return density();
}
