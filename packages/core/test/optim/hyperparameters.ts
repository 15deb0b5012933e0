import type { Hyperparameters } from '#lib/optim/index.js';

/** Hyperparameters with some of them set. */
export function hyperparameters(given: Partial<Hyperparameters> = {}): Hyperparameters {
  return {
    learningRate: 0.1,
    lambda: 0.1,
    delta: 1,
    momentum: 0,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    nesterov: false,
    weightDecay: 0,
    decoupledWeightDecay: 0,
    ...given,
  };
}
