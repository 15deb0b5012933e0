import { number, withDefault } from '../schema/index.js';
import { learningRate } from './hyperparameters.js';
import type { MethodOf, Values } from './method.js';
import { decay, decayed, shrink } from './weight-decay.js';

/** What Adam's step reads, in AdaBreg too. */
export const adamHyperparameters = {
  learningRate,
  /** Decay of the first moment, in [0, 1). */
  beta1: withDefault(number(0, 0.999999), 0.9),
  /** Decay of the second moment, in [0, 1). */
  beta2: withDefault(number(0, 0.999999), 0.999),
  /** ε > 0, added to the root of the second moment. */
  epsilon: withDefault(number(0, Infinity, { open: true }), 1e-8),
};

type AdamNumbers = Values<typeof adamHyperparameters>;

const hyperparameters = { ...adamHyperparameters, ...decay };

/** Adam: θ ← θ − τ m̂ / (√ŝ + ε). Ignores the regularizer. */
export const adam: MethodOf<Values<typeof hyperparameters>> = {
  name: 'adam',
  hyperparameters,
  usesSubgradient: false,
  movesOnSupport: true,
  moments: () => 2,
  kernel: { update: () => 'adam' },

  step({ theta, moments }, gradient, hyper, _regularizer, t) {
    const g = decayed(gradient, theta, hyper);
    shrink(theta, theta, hyper);
    descendByAdam(theta, moments, g, hyper, t);
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
  { learningRate, beta1, beta2, epsilon }: AdamNumbers,
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
