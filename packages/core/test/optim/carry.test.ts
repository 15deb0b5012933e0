/** A move of λ that carries v moves no weight that lives. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { group, l1, none, type Regularizer, type Shape, sparseGroup } from '#lib/math/index.js';
import { initialState, methods } from '#lib/optim/index.js';
import { carrySubgradient, proxOfSubgradient } from '#lib/optim/method.js';
import { positive, tensor } from '../math/arbitraries.js';
import { hyperparameters } from './hyperparameters.js';

const cases: readonly (readonly [Regularizer, Shape])[] = [
  [none(), [3, 4]],
  [l1(), [3, 4]],
  [group('rows'), [3, 4]],
  [group('columns'), [3, 4]],
  [group('kernels'), [2, 2, 2, 2]],
  [sparseGroup('rows', 0.4), [3, 4]],
  [sparseGroup('filters', 0.7), [2, 2, 2, 2]],
];

for (const [regularizer, shape] of cases) {
  test(`${regularizer.name}: θ stays where λ moves with v, which stays at zeros`, () => {
    const moves = fc.record({
      start: tensor(shape),
      gradient: tensor(shape),
      delta: positive,
      lambda: positive,
      to: fc.double({ min: 0, max: 3, noNaN: true }),
    });
    fc.assert(
      fc.property(moves, ({ start, gradient, delta, lambda, to }) => {
        const hyper = hyperparameters({ delta, lambda });
        const state = initialState(methods.linbreg, start, shape, hyper, regularizer);
        methods.linbreg.step(state, gradient, hyper, regularizer, 1);
        const theta = state.theta.slice();
        const v = state.subgradient!.slice();

        carrySubgradient(state, to - lambda, regularizer);
        assert.ok(state.subgradient!.every((x, i) => theta[i] !== 0 || x === v[i]));
        proxOfSubgradient(state, { delta, lambda: to }, regularizer);
        const scale = delta * Math.max(...v.map(Math.abs), lambda, to);
        const woken = state.theta.filter((x, i) => x !== 0 && theta[i] === 0).length;
        // A λ that rises wakes none; one that falls wakes what v had gathered, and in a sparse group such an entry
        // changes the norm that the others share.
        if (to >= lambda) assert.equal(woken, 0);
        if (woken > 0 && regularizer.form!.l1 > 0 && regularizer.form!.group > 0) return;
        for (const [i, x] of theta.entries()) {
          if (x === 0) continue;
          const moved = Math.abs(state.theta[i] - x);
          assert.ok(moved <= 1e-5 * scale, `${i}: ${x} became ${state.theta[i]}`);
        }
      }),
    );
  });
}
