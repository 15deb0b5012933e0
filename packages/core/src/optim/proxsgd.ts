import { lambda, learningRate } from './hyperparameters.js';
import type { MethodOf, Values } from './method.js';
import { decay, decayed, shrink } from './weight-decay.js';

const hyperparameters = { learningRate, lambda, ...decay };

/** Proximal SGD, a baseline: θ ← prox_{τJ}(θ − τg). */
export const proxsgd: MethodOf<Values<typeof hyperparameters>> = {
  name: 'proxsgd',
  hyperparameters,
  usesSubgradient: false,
  moments: () => 0,
  kernel: { update: () => 'plain', proxStep: ({ learningRate }) => learningRate },

  step({ theta, shape }, gradient, hyper, regularizer) {
    const { learningRate, lambda } = hyper;
    const g = decayed(gradient, theta, hyper);
    shrink(theta, theta, hyper);
    for (let i = 0; i < theta.length; i++) theta[i] -= learningRate * g[i];
    regularizer.prox(theta, shape, learningRate * lambda);
  },
};
