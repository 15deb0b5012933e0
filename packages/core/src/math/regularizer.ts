import { type Output, oneOf } from '../schema/index.js';

/** Sizes of a tensor, outermost first: (out, in) for a linear weight, (out, in, h, w) for a convolution. */
export type Shape = readonly number[];

/** Number of elements of a tensor of this shape. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((product, size) => product * size, 1);
}

/**
 * What the engine's fused kernels need to know to run a regularizer: soft-threshold every entry at
 * `l1 · t`, then shrink every group at `group · √n_g · t`. A regularizer without a form runs
 * through its own `prox`, in plain TypeScript.
 */
export interface KernelForm {
  readonly l1: number;
  readonly nonnegative: boolean;
  readonly group: number;
  readonly by: GroupAxis | 'entries';
}

/** What weights are grouped by. */
export const groupAxis = oneOf(['rows', 'columns', 'kernels', 'filters']);

/** Rows are outputs, columns inputs, a kernel one (output, input) pair, a filter one output channel. */
export type GroupAxis = Output<typeof groupAxis>;

/**
 * A convex, sparsity-promoting function R. Training uses J = λR; λ belongs to the parameter group,
 * so that a policy can steer it, and reaches these functions inside `t`.
 *
 * To add a regularizer, implement `value`, `prox` and `subgradient`; nothing else has to change.
 *
 * ```ts
 * import { l1 } from '@bregman/core/math';
 *
 * const theta = Float32Array.of(0.3, -2, 0);
 * l1().prox(theta, [3], 0.5); // soft threshold: 0, −1.5, 0
 * console.log(l1().value(theta, [3])); // 1.5
 * ```
 */
export interface Regularizer {
  readonly name: string;
  /** R(θ). */
  value(theta: Float32Array, shape: Shape): number;
  /** θ ← prox_{tR}(θ) = argmin_x ½‖x − θ‖² + tR(x), in place; t ≥ 0. */
  prox(theta: Float32Array, shape: Shape, t: number): void;
  /** Writes an element of ∂R(θ) to `out`, 0 on entries (groups) that are zero. */
  subgradient(theta: Float32Array, shape: Shape, out: Float32Array): void;
  /**
   * For the target-density policy: for every unit (entry or group) the t at which prox_{tR}(v)
   * makes it vanish, so that prox_{tR}(v) keeps exactly the units whose threshold exceeds t.
   */
  thresholds?(v: Float32Array, shape: Shape): Float32Array;
  /** Present where the fused kernels can do the prox. */
  readonly form?: KernelForm;
}
