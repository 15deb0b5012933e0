import { learningRate, momentum } from './hyperparameters.js';
import type { MethodOf, Numbers } from './method.js';

const hyperparameters = { learningRate, momentum };

/**
 * SGD: θ ← θ − τg; with momentum, as in PyTorch, m ← βm + g and θ ← θ − τm. LinBreg weights its
 * gradient by 1 − β instead. Ignores the regularizer.
 */
export const sgd: MethodOf<Numbers<typeof hyperparameters>> = {
  name: 'sgd',
  hyperparameters,
  usesSubgradient: false,
  moments: ({ momentum }) => (momentum > 0 ? 1 : 0),
  kernel: { update: ({ momentum }) => (momentum > 0 ? 'heavy-ball' : 'plain') },

  step({ theta, moments }, gradient, { learningRate, momentum }) {
    if (momentum > 0) {
      const [m] = moments;
      for (let i = 0; i < theta.length; i++) {
        m[i] = momentum * m[i] + gradient[i];
        theta[i] -= learningRate * m[i];
      }
    } else {
      for (let i = 0; i < theta.length; i++) theta[i] -= learningRate * gradient[i];
    }
  },
};
