import { kind, literal, object } from '../schema/index.js';
import type { Regularizer, Shape } from './regularizer.js';
import { sizeOf } from './regularizer.js';
import { compose, type Decomposition, decompose } from './svd.js';

/**
 * R(θ) = Σ σ_i, the sum of the singular values: low rank instead of few entries. A tensor of
 * another rank is read as the matrix (out, rest). There are no thresholds, as no entry vanishes,
 * and no kernel form: each call computes a singular value decomposition.
 */
export function nuclear(): Regularizer {
  return {
    name: 'nuclear',

    value: (theta, shape) => decomposeTensor(theta, shape).values.reduce((sum, s) => sum + s, 0),

    prox(theta, shape, t) {
      compose(decomposeTensor(theta, shape), (s) => Math.max(s - t, 0), theta);
    },

    // U Vᵀ over the singular values that are not the rounding noise of float32 around zero.
    subgradient(theta, shape, out) {
      const decomposition = decomposeTensor(theta, shape);
      const noise = Math.max(...matrixShape(shape)) * 2 ** -24 * Math.max(...decomposition.values);
      compose(decomposition, (s) => (s > noise ? 1 : 0), out);
    },
  };
}

function matrixShape(shape: Shape): [out: number, rest: number] {
  return [shape[0], sizeOf(shape.slice(1))];
}

function decomposeTensor(theta: Float32Array, shape: Shape): Decomposition {
  return decompose(theta, ...matrixShape(shape));
}

/** The nuclear norm in a configuration. */
export const nuclearKind = kind(object({ kind: literal('nuclear') }), nuclear);
