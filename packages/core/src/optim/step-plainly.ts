import type { Regularizer } from '../math/index.js';
import { type ParameterState, proxOfSubgradient } from './method.js';
import type { Hyperparameters, Method } from './methods.js';
import { LEAST_ALIVE } from './support/alive.js';

/**
 * A method's step on one parameter, in plain TypeScript.
 *
 * @param onSupport only non-zero weights move; v and the moments of the others rest
 * @param keepsAlive on the support, a weight that the step lands at 0 lives on
 */
export function stepPlainly(
  method: Method,
  state: ParameterState,
  gradient: Float32Array,
  hyper: Hyperparameters,
  regularizer: Regularizer,
  t: number,
  onSupport: boolean,
  keepsAlive = false,
): void {
  if (!onSupport) {
    method.step(state, gradient, hyper, regularizer, t);
    return;
  }
  const isResting = Array.from(state.theta, (weight) => weight === 0);
  const remembered = [state.subgradient ?? state.theta, ...state.moments];
  const before = remembered.map((array) => array.slice());
  // A prox may join what rests with what moves.
  const read = gradient.map((g, i) => (isResting[i] ? 0 : g));
  method.step(state, read, hyper, regularizer, t);
  for (const [i, array] of remembered.entries()) {
    for (let j = 0; j < array.length; j++) if (isResting[j]) array[j] = before[i][j];
  }
  if (keepsAlive) {
    const { theta } = state;
    for (let i = 0; i < theta.length; i++) {
      if (!isResting[i] && theta[i] === 0) theta[i] = LEAST_ALIVE;
    }
  }
  if (state.subgradient) proxOfSubgradient(state, hyper, regularizer);
}
