import { UserError } from '../files/errors.js';
import type { GroupAxis, Shape } from './regularizer.js';
import { sizeOf } from './regularizer.js';

/**
 * How a tensor falls into groups of equal size: it is read as (outer, count, inner), and group g
 * holds the entries (·, g, ·).
 */
export interface Groups {
  /** Number of groups. */
  readonly count: number;
  /** Length of a contiguous run of one group. */
  readonly inner: number;
  /** n_g, the number of entries of a group. */
  readonly size: number;
}

/**
 * The groups of a weight of this shape. Rows and filters take rank 1 or more, columns and kernels
 * rank 2 or more; the kernels of a linear weight are its entries.
 *
 * @throws {UserError} the rank is too small
 */
export function groupsOf(shape: Shape, by: GroupAxis): Groups {
  const axes = by === 'rows' || by === 'filters' ? 1 : 2;
  if (shape.length < axes) {
    throw new UserError(`groups by ${by} need rank ${axes} or more, got shape (${shape})`);
  }
  const inner = sizeOf(shape.slice(axes));
  return by === 'columns'
    ? { count: shape[1], inner, size: shape[0] * inner }
    : { count: sizeOf(shape.slice(0, axes)), inner, size: inner };
}

/** The group that the entry at a flat index belongs to. */
export function groupAt(index: number, { count, inner }: Groups): number {
  return ((index / inner) | 0) % count;
}

/** ‖θ_g‖₂ of every group, summed in float64. */
export function groupNorms(theta: Float32Array, groups: Groups): Float64Array {
  const squares = new Float64Array(groups.count);
  for (let i = 0; i < theta.length; i++) squares[groupAt(i, groups)] += theta[i] * theta[i];
  return squares.map(Math.sqrt);
}

/** out_g ← factor(‖θ_g‖) · θ_g for every group; `out` may be `theta`. */
export function scaleGroups(
  theta: Float32Array,
  groups: Groups,
  factor: (norm: number) => number,
  out: Float32Array,
): void {
  const factors = groupNorms(theta, groups).map(factor);
  for (let i = 0; i < theta.length; i++) out[i] = theta[i] * factors[groupAt(i, groups)];
}
