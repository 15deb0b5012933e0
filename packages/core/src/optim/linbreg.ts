import { delta, lambda, learningRate, momentum, nesterov } from './hyperparameters.js';
import { type MethodOf, proxOfSubgradient, subgradientOf, type Values } from './method.js';
import { decay, decayed, shrink } from './weight-decay.js';

const hyperparameters = { learningRate, lambda, delta, momentum, nesterov, ...decay };

/**
 * LinBreg, linearized Bregman iterations (Algorithms 1 and 2 of the paper):
 * v ← v − τg, or with momentum m ← βm + (1 − β)τg, v ← v − m; then θ ← prox_{δJ}(δv). With Nesterov,
 * v ← v − (βm + (1 − β)τg) with the new m.
 */
export const linbreg: MethodOf<Values<typeof hyperparameters>> = {
  name: 'linbreg',
  hyperparameters,
  usesSubgradient: true,
  moments: ({ momentum }) => (momentum > 0 ? 1 : 0),
  kernel: {
    update({ momentum, nesterov }) {
      if (momentum === 0) return 'plain';
      return nesterov ? 'averaged-nesterov' : 'averaged';
    },
    proxStep: ({ delta }) => delta,
  },

  step(state, gradient, hyper, regularizer) {
    const { learningRate, momentum, nesterov } = hyper;
    const v = subgradientOf(state);
    const g = decayed(gradient, state.theta, hyper);
    shrink(v, state.theta, hyper);
    if (momentum > 0) {
      const [m] = state.moments;
      for (let i = 0; i < v.length; i++) {
        const part = (1 - momentum) * learningRate * g[i];
        m[i] = momentum * m[i] + part;
        v[i] -= nesterov ? momentum * m[i] + part : m[i];
      }
    } else {
      for (let i = 0; i < v.length; i++) v[i] -= learningRate * g[i];
    }
    proxOfSubgradient(state, hyper, regularizer);
  },
};
