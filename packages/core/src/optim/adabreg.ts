import { descendByAdam } from './adam.js';
import { type Method, proxOfSubgradient, subgradientOf } from './method.js';

/** AdaBreg (Algorithm 3 of the paper): Adam's step on v, then θ ← prox_{δJ}(δv). */
export const adabreg: Method = {
  name: 'adabreg',
  usesSubgradient: true,
  moments: () => 2,
  kernel: { update: () => 'adam', proxStep: ({ delta }) => delta },

  step(state, gradient, hyper, regularizer, t) {
    descendByAdam(subgradientOf(state), state.moments, gradient, hyper, t);
    proxOfSubgradient(state, hyper, regularizer);
  },
};
