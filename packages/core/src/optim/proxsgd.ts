import type { Method } from './method.js';

/** Proximal SGD, a baseline: θ ← prox_{τJ}(θ − τg). */
export const proxsgd: Method = {
  name: 'proxsgd',
  usesSubgradient: false,
  moments: () => 0,
  kernel: { update: () => 'plain', proxStep: ({ learningRate }) => learningRate },

  step({ theta, shape }, gradient, { learningRate, lambda }, regularizer) {
    for (let i = 0; i < theta.length; i++) theta[i] -= learningRate * gradient[i];
    regularizer.prox(theta, shape, learningRate * lambda);
  },
};
