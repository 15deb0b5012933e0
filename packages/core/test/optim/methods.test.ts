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
