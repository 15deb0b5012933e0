import { Matrix, SVD } from 'ml-matrix';
import type { Regularizer, Shape } from './regularizer.js';
import { sizeOf } from './regularizer.js';

/**
 * R(θ) = Σ σ_i, the sum of the singular values: low rank instead of few entries. A tensor of
 * another rank is read as the matrix (out, rest). There are no thresholds, as no entry vanishes,
 * and no kernel form: each call computes a singular value decomposition.
 */
export function nuclear(): Regularizer {
  return {
    name: 'nuclear',

    value: (theta, shape) => decompose(theta, shape).diagonal.reduce((sum, s) => sum + s, 0),

    prox(theta, shape, t) {
      const svd = decompose(theta, shape);
      const shrunk = svd.diagonal.map((s) => Math.max(s - t, 0));
      theta.set(compose(svd, shrunk));
    },

    // U Vᵀ over the singular values that are not the rounding noise of float32 around zero.
    subgradient(theta, shape, out) {
      const svd = decompose(theta, shape);
      const noise = Math.max(...matrixShape(shape)) * 2 ** -24 * svd.norm2;
      const kept = svd.diagonal.map((s) => (s > noise ? 1 : 0));
      out.set(compose(svd, kept));
    },
  };
}

function matrixShape(shape: Shape): [out: number, rest: number] {
  return [shape[0], sizeOf(shape.slice(1))];
}

function decompose(theta: Float32Array, shape: Shape): SVD {
  return new SVD(Matrix.from1DArray(...matrixShape(shape), theta), { autoTranspose: true });
}

/** The entries of U diag(values) Vᵀ, row by row. */
function compose(svd: SVD, values: number[]): number[] {
  const scaled = svd.leftSingularVectors.clone().mulRowVector(values);
  return scaled.mmul(svd.rightSingularVectors.transpose()).to1DArray();
}
