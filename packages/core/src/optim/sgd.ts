import { learningRate, momentum, nesterov } from './hyperparameters.js';
import type { MethodOf, Values } from './method.js';
import { decay, decayed, shrink } from './weight-decay.js';

const hyperparameters = { learningRate, momentum, nesterov, ...decay };

/**
 * SGD: θ ← θ − τg; with momentum, as in PyTorch, m ← βm + g and θ ← θ − τm, or θ ← θ − τ(g + βm) with Nesterov.
 * LinBreg weights its gradient by 1 − β instead. Ignores the regularizer.
 */
export const sgd: MethodOf<Values<typeof hyperparameters>> = {
  name: 'sgd',
  hyperparameters,
  usesSubgradient: false,
  movesOnSupport: true,
  moments: ({ momentum }) => (momentum > 0 ? 1 : 0),
  kernel: {
    update({ momentum, nesterov }) {
      if (momentum === 0) return 'plain';
      return nesterov ? 'heavy-ball-nesterov' : 'heavy-ball';
    },
  },

  step({ theta, moments }, gradient, hyper) {
    const { learningRate, momentum, nesterov } = hyper;
    const g = decayed(gradient, theta, hyper);
    shrink(theta, theta, hyper);
    if (momentum > 0) {
      const [m] = moments;
      for (let i = 0; i < theta.length; i++) {
        m[i] = momentum * m[i] + g[i];
        theta[i] -= learningRate * (nesterov ? g[i] + momentum * m[i] : m[i]);
      }
    } else {
      for (let i = 0; i < theta.length; i++) theta[i] -= learningRate * g[i];
    }
  },
};
