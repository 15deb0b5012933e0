import { adamHyperparameters, descendByAdam } from './adam.js';
import { delta, lambda } from './hyperparameters.js';
import { type MethodOf, type Numbers, proxOfSubgradient, subgradientOf } from './method.js';

const hyperparameters = { lambda, delta, ...adamHyperparameters };

/** AdaBreg (Algorithm 3 of the paper): Adam's step on v, then θ ← prox_{δJ}(δv). */
export const adabreg: MethodOf<Numbers<typeof hyperparameters>> = {
  name: 'adabreg',
  hyperparameters,
  usesSubgradient: true,
  moments: () => 2,
  kernel: { update: () => 'adam', proxStep: ({ delta }) => delta },

  step(state, gradient, hyper, regularizer, t) {
    descendByAdam(subgradientOf(state), state.moments, gradient, hyper, t);
    proxOfSubgradient(state, hyper, regularizer);
  },
};
