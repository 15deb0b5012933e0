import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { bregmanDistance, l1, none, stream } from '#lib/math/index.js';
import { initialState, methods } from '#lib/optim/index.js';
import { cases, dot, minus, positive, proxOf, tensor } from '../math/arbitraries.js';
import { hyperparameters } from './hyperparameters.js';

for (const name of ['linbreg', 'adabreg'] as const) {
  for (const { regularizer, shape } of cases) {
    test(`${name}, ${regularizer.name} on (${shape}): θ = prox(δv) and v ∈ ∂J_δ(θ)`, () => {
      const run = fc.record({
        start: tensor(shape),
        gradients: fc.array(tensor(shape), { minLength: 1, maxLength: 4 }),
        other: tensor(shape),
        delta: positive,
        lambda: positive,
        momentum: fc.constantFrom(0, 0.9),
      });
      fc.assert(
        fc.property(run, ({ start, gradients, other, delta, lambda, momentum }) => {
          const hyper = hyperparameters({ delta, lambda, momentum });
          const method = methods[name];
          const state = initialState(method, start, shape, hyper, regularizer);
          gradients.forEach((g, i) => void method.step(state, g, hyper, regularizer, i + 1));
          const { theta, subgradient: v } = state;

          const scaled = v!.map((x) => delta * x);
          assert.deepEqual(theta, proxOf(regularizer, scaled, shape, delta * lambda));
          const distance = bregmanDistance(regularizer, lambda, v!, other, theta, shape, delta);
          assert.ok(distance >= -1e-3, `${distance}`);
        }),
      );
    });
  }
}

describe('linbreg', () => {
  test('with R = 0 and δ = 1 is SGD, bit for bit', () => {
    const shape = [3, 4];
    fc.assert(
      fc.property(tensor(shape), fc.array(tensor(shape)), (start, gradients) => {
        const hyper = hyperparameters({ learningRate: 0.3 });
        const [bregman, plain] = [methods.linbreg, methods.sgd].map((method) => {
          const state = initialState(method, start.slice(), shape, hyper, none());
          gradients.forEach((g, i) => void method.step(state, g, hyper, none(), i + 1));
          return state.theta;
        });
        // The start of v turns −0 into 0; they are the same number.
        assert.ok(bregman.every((entry, i) => entry === plain[i]));
      }),
    );
  });

  for (const seed of [1, 2, 3]) {
    test(`recovers the support of a sparse least-squares problem exactly, seed ${seed}`, () => {
      const equations = 150;
      const unknowns = 100;
      const shape = [unknowns];
      const { normal } = stream(seed, 'least squares');
      // The columns of A.
      const a = Array.from({ length: unknowns }, () =>
        Float32Array.from({ length: equations }, normal),
      );
      const hessian = a.map((p) => Float32Array.from(a, (q) => dot(p, q) / equations));
      const truth = new Float32Array(unknowns);
      truth.set([1, -2, 1.5, -1, 0.5], 17);

      const hyper = hyperparameters({ learningRate: 0.2, lambda: 10 });
      const theta = new Float32Array(unknowns);
      const state = initialState(methods.linbreg, theta, shape, hyper, l1());
      for (let t = 1; t <= 1000; t++) {
        // The gradient of ‖Aθ − Aθ*‖² / (2 · equations).
        const error = minus(theta, truth);
        const gradient = Float32Array.from(hessian, (row) => dot(row, error));
        methods.linbreg.step(state, gradient, hyper, l1(), t);
      }
      theta.forEach((x, i) => {
        assert.equal(x !== 0, truth[i] !== 0, `entry ${i}: ${x}`);
        assert.ok(Math.abs(x - truth[i]) < 1e-4, `entry ${i}: ${x}`);
      });
    });
  }
});

describe('linbreg by hand', () => {
  /** v and θ after each of two steps from θ = 0.5 along the gradient 0.5; τ = λ = 0.1, δ = 1. */
  const steps = (given: object) => {
    const hyper = hyperparameters(given);
    const state = initialState(methods.linbreg, Float32Array.of(0.5), [1], hyper, l1());
    return [1, 2].map((t) => {
      methods.linbreg.step(state, Float32Array.of(0.5), hyper, l1(), t);
      return [state.subgradient![0], state.theta[0]];
    });
  };
  const assertSteps = (given: object, expected: readonly number[][]) => {
    for (const [i, numbers] of steps(given).entries()) {
      assert.ok(
        numbers.every((x, j) => Math.abs(x - expected[i][j]) < 1e-6),
        `${numbers}, expected ${expected[i]}`,
      );
    }
  };
  test('Nesterov: moments 0.005, 0.0095, and v goes on by 0.9 of them and 0.005', () => {
    assertSteps({ momentum: 0.9, nesterov: true }, [
      [0.6 - 0.0095, 0.5 - 0.0095],
      [0.6 - 0.0095 - 0.01355, 0.5 - 0.0095 - 0.01355],
    ]);
  });
  test('coupled weight decay: gradients 0.6, 0.588', () => {
    assertSteps({ weightDecay: 0.2 }, [
      [0.6 - 0.06, 0.5 - 0.06],
      [0.6 - 0.06 - 0.0588, 0.5 - 0.06 - 0.0588],
    ]);
  });
  test('decoupled weight decay: v loses τwθ, 0.01 and 0.0088, beside the step of 0.05', () => {
    assertSteps({ decoupledWeightDecay: 0.2 }, [
      [0.6 - 0.06, 0.5 - 0.06],
      [0.6 - 0.06 - 0.0588, 0.5 - 0.06 - 0.0588],
    ]);
  });
});

test('decoupled weight decay acts on v after the moments, whatever their size', () => {
  // Adam's first step is τ along any gradient; the decay comes on top of it.
  const hyper = hyperparameters({ decoupledWeightDecay: 0.2 });
  const state = initialState(methods.adabreg, Float32Array.of(0.5), [1], hyper, l1());
  methods.adabreg.step(state, Float32Array.of(1e-3), hyper, l1(), 1);
  assert.ok(Math.abs(state.subgradient![0] - (0.6 - 0.1 - 0.01)) < 1e-5);
});

test('zeros do not decay, in any method', () => {
  for (const method of Object.values(methods)) {
    const decays = { weightDecay: 0.3, decoupledWeightDecay: 0.2 };
    const [decayed, kept] = [hyperparameters(decays), hyperparameters()].map((hyper) => {
      const state = initialState(method, Float32Array.of(0, 1), [2], hyper, l1());
      method.step(state, Float32Array.of(3, 3), hyper, l1(), 1);
      return state;
    });
    assert.equal(decayed.theta[0], kept.theta[0], method.name);
    assert.equal(decayed.subgradient?.[0], kept.subgradient?.[0], method.name);
    assert.ok(decayed.theta[1] < kept.theta[1], method.name);
  }
});

describe('baselines by hand', () => {
  const oneEntry = (name: 'sgd' | 'adam' | 'lasso' | 'proxsgd', given: object, steps: number) => {
    const hyper = hyperparameters(given);
    const state = initialState(methods[name], Float32Array.of(1), [1], hyper, l1());
    for (let t = 1; t <= steps; t++) {
      methods[name].step(state, Float32Array.of(0.5), hyper, l1(), t);
    }
    return state.theta[0];
  };
  const close = (actual: number, expected: number) =>
    assert.ok(Math.abs(actual - expected) < 1e-6, `${actual}, expected ${expected}`);

  test('SGD with momentum: buffers 0.5, 0.95', () => {
    close(oneEntry('sgd', { momentum: 0.9 }, 2), 1 - 0.05 - 0.095);
  });
  test('Adam moves by τ a step while the gradient stays', () => {
    close(oneEntry('adam', { learningRate: 0.01 }, 3), 0.97);
  });
  test('Lasso adds λ sign(θ) to the gradient', () => close(oneEntry('lasso', {}, 1), 0.94));
  test('ProxSGD shrinks by τλ', () => close(oneEntry('proxsgd', {}, 1), 0.94));
});

test('a parameter started without v cannot take a Bregman step', () => {
  const hyper = hyperparameters();
  const state = initialState(methods.sgd, new Float32Array(2), [2], hyper, l1());
  const step = () => methods.linbreg.step(state, new Float32Array(2), hyper, l1(), 1);
  assert.throws(step, /no subgradient/);
});
