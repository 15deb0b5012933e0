import { lambda, learningRate } from './hyperparameters.js';
import type { MethodOf, Numbers } from './method.js';

const hyperparameters = { learningRate, lambda };

/** Proximal SGD, a baseline: θ ← prox_{τJ}(θ − τg). */
export const proxsgd: MethodOf<Numbers<typeof hyperparameters>> = {
  name: 'proxsgd',
  hyperparameters,
  usesSubgradient: false,
  moments: () => 0,
  kernel: { update: () => 'plain', proxStep: ({ learningRate }) => learningRate },

  step({ theta, shape }, gradient, { learningRate, lambda }, regularizer) {
    for (let i = 0; i < theta.length; i++) theta[i] -= learningRate * gradient[i];
    regularizer.prox(theta, shape, learningRate * lambda);
  },
};
