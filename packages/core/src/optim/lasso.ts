import { lambda, learningRate, momentum, nesterov } from './hyperparameters.js';
import type { MethodOf, Values } from './method.js';
import { sgd } from './sgd.js';
import { decay } from './weight-decay.js';

const hyperparameters = { learningRate, lambda, momentum, nesterov, ...decay };

/**
 * Lasso by subgradient, a baseline: SGD on L + J, whose gradient is g + λs with s ∈ ∂R(θ). It
 * shrinks weights but rarely makes them exactly 0.
 */
export const lasso: MethodOf<Values<typeof hyperparameters>> = {
  name: 'lasso',
  hyperparameters,
  usesSubgradient: false,
  moments: sgd.moments,
  kernel: { ...sgd.kernel!, followsRegularizer: true },

  step(state, gradient, hyper, regularizer, t) {
    const total = new Float32Array(gradient.length);
    regularizer.subgradient(state.theta, state.shape, total);
    for (let i = 0; i < total.length; i++) total[i] = gradient[i] + hyper.lambda * total[i];
    sgd.step(state, total, hyper, regularizer, t);
  },
};
