import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { regularizerFrom } from '#lib/math/index.js';
import { initialState, methods } from '#lib/optim/index.js';
import { hyperparameters } from './hyperparameters.js';
import { cases, specs } from './trajectories.js';

describe('trajectories of the reference implementation', () => {
  for (const [index, expected] of cases.entries()) {
    const { optimizer, reg, shape, delta, lambda, momentum = 0 } = expected;
    test(`${index}: ${optimizer}, ${reg}, δ ${delta}, momentum ${momentum}`, () => {
      const regularizer = regularizerFrom(specs[reg]);
      const hyper = hyperparameters({ learningRate: expected.lr, delta, lambda, momentum });
      const method = methods[optimizer];
      const theta = Float32Array.from(expected.theta0);
      const state = initialState(method, theta, shape, hyper, regularizer);
      for (const [step, gradient] of expected.grads.entries()) {
        method.step(state, Float32Array.from(gradient), hyper, regularizer, step + 1);
        assertClose(theta, expected.thetas[step]);
        assertClose(state.subgradient ?? [], expected.subgradients[step] ?? []);
        const value = lambda * regularizer.value(theta, shape);
        assertClose([value], [expected.regularizerValues[step]]);
      }
    });
  }
});

/** Equal to 1e-5 of the largest entry, and zero in the same places. */
function assertClose(actual: ArrayLike<number>, expected: readonly number[]): void {
  assert.equal(actual.length, expected.length);
  const tolerance = 1e-5 * Math.max(...expected.map(Math.abs));
  expected.forEach((value, i) => {
    assert.ok(Math.abs(actual[i] - value) <= tolerance, `${i}: ${actual[i]}, expected ${value}`);
    assert.equal(actual[i] === 0, value === 0, `${i}: ${actual[i]}, expected ${value}`);
  });
}
