import { adamHyperparameters, descendByAdam } from './adam.js';
import { delta, lambda } from './hyperparameters.js';
import { type MethodOf, proxOfSubgradient, subgradientOf, type Values } from './method.js';
import { decay, decayed, shrink } from './weight-decay.js';

const hyperparameters = { lambda, delta, ...adamHyperparameters, ...decay };

/** AdaBreg (Algorithm 3 of the paper): Adam's step on v, then θ ← prox_{δJ}(δv). */
export const adabreg: MethodOf<Values<typeof hyperparameters>> = {
  name: 'adabreg',
  hyperparameters,
  usesSubgradient: true,
  moments: () => 2,
  kernel: { update: () => 'adam', proxStep: ({ delta }) => delta },

  step(state, gradient, hyper, regularizer, t) {
    const v = subgradientOf(state);
    const g = decayed(gradient, state.theta, hyper);
    shrink(v, state.theta, hyper);
    descendByAdam(v, state.moments, g, hyper, t);
    proxOfSubgradient(state, hyper, regularizer);
  },
};
