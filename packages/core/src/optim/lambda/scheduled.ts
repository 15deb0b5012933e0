import { stateless } from '../resumable.js';
import type { LambdaPolicy } from './policy.js';

/**
 * λ as a function of the epochs completed, or as a list of which the last value stays. The first
 * epoch runs with the λ of the parameter group, which has to be the value at 0 as v starts from it.
 *
 * @throws RangeError on an empty list.
 */
export function scheduled(lambdas: readonly number[] | ((epochs: number) => number)): LambdaPolicy {
  if (typeof lambdas !== 'function' && lambdas.length === 0) {
    throw new RangeError('a list of λ needs a value');
  }
  const lambdaAfter =
    typeof lambdas === 'function'
      ? lambdas
      : (epochs: number) => lambdas[Math.min(epochs, lambdas.length - 1)];
  return {
    ...stateless,
    name: 'scheduled',
    afterEpoch(view, epochs) {
      view.lambda = lambdaAfter(epochs);
    },
  };
}
