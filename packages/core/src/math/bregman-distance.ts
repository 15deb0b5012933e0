import type { Regularizer, Shape } from './regularizer.js';

/**
 * J_δ(θ) = λR(θ) + ‖θ‖² / (2δ), the elastic net; without δ, J itself. Summed in float64.
 *
 * @param delta δ > 0.
 */
export function elasticNet(
  regularizer: Regularizer,
  lambda: number,
  theta: Float32Array,
  shape: Shape,
  delta = Infinity,
): number {
  const squares = theta.reduce((sum, x) => sum + x * x, 0);
  return lambda * regularizer.value(theta, shape) + squares / (2 * delta);
}

/**
 * D^v(a, b) = J_δ(a) − J_δ(b) − ⟨v, a − b⟩, the Bregman distance from b to a along a subgradient
 * v ∈ ∂J_δ(b). Never negative but for rounding, and 0 at a = b. Without δ the functional is J.
 *
 * @param v subgradient at b, of the shape of `a` and `b`.
 * @param delta δ > 0, where v is the dual variable of a Bregman method.
 */
export function bregmanDistance(
  regularizer: Regularizer,
  lambda: number,
  v: Float32Array,
  a: Float32Array,
  b: Float32Array,
  shape: Shape,
  delta = Infinity,
): number {
  const inner = v.reduce((sum, x, i) => sum + x * (a[i] - b[i]), 0);
  return (
    elasticNet(regularizer, lambda, a, shape, delta) -
    elasticNet(regularizer, lambda, b, shape, delta) -
    inner
  );
}
