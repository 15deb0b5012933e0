import { delta, lambda, learningRate, momentum } from './hyperparameters.js';
import { type MethodOf, type Numbers, proxOfSubgradient, subgradientOf } from './method.js';

const hyperparameters = { learningRate, lambda, delta, momentum };

/**
 * LinBreg, linearized Bregman iterations (Algorithms 1 and 2 of the paper):
 * v ← v − τg, or with momentum m ← βm + (1 − β)τg, v ← v − m; then θ ← prox_{δJ}(δv).
 */
export const linbreg: MethodOf<Numbers<typeof hyperparameters>> = {
  name: 'linbreg',
  hyperparameters,
  usesSubgradient: true,
  moments: ({ momentum }) => (momentum > 0 ? 1 : 0),
  kernel: {
    update: ({ momentum }) => (momentum > 0 ? 'averaged' : 'plain'),
    proxStep: ({ delta }) => delta,
  },

  step(state, gradient, hyper, regularizer) {
    const { learningRate, momentum } = hyper;
    const v = subgradientOf(state);
    if (momentum > 0) {
      const [m] = state.moments;
      for (let i = 0; i < v.length; i++) {
        m[i] = momentum * m[i] + (1 - momentum) * learningRate * gradient[i];
        v[i] -= m[i];
      }
    } else {
      for (let i = 0; i < v.length; i++) v[i] -= learningRate * gradient[i];
    }
    proxOfSubgradient(state, hyper, regularizer);
  },
};
