import type { Hyperparameters, Method } from './method.js';

/** Adam: θ ← θ − τ m̂ / (√ŝ + ε). Ignores the regularizer. */
export const adam: Method = {
  name: 'adam',
  usesSubgradient: false,
  moments: () => 2,
  kernel: { update: () => 'adam' },

  step({ theta, moments }, gradient, hyper, _regularizer, t) {
    descendByAdam(theta, moments, gradient, hyper, t);
  },
};

/**
 * x ← x − τ m̂ / (√ŝ + ε), after the moments took in the gradient:
 * m ← β₁m + (1 − β₁)g, m̂ = m / (1 − β₁ᵗ), and s, ŝ likewise with β₂ and g².
 */
export function descendByAdam(
  x: Float32Array,
  [m, s]: readonly Float32Array[],
  gradient: Float32Array,
  { learningRate, beta1, beta2, epsilon }: Hyperparameters,
  t: number,
): void {
  const stepSize = learningRate / (1 - beta1 ** t);
  const correction = Math.sqrt(1 - beta2 ** t);
  for (let i = 0; i < x.length; i++) {
    const g = gradient[i];
    m[i] = beta1 * m[i] + (1 - beta1) * g;
    s[i] = beta2 * s[i] + (1 - beta2) * g * g;
    x[i] -= (stepSize * m[i]) / (Math.sqrt(s[i]) / correction + epsilon);
  }
}
