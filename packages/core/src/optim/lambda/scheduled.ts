import { kind, listOf, literal, number, object } from '../../schema/index.js';
import { stateless } from '../resumable.js';
import { carry, moveTo } from './carry.js';
import type { LambdaPolicy } from './policy.js';

/**
 * λ as a function of the epochs completed, or as a list of which the last value stays. v has
 * to start from the value at 0, which is why the policy says it as its `first`.
 *
 * @param carry whether v moves with λ where weights live, so that a move of λ leaves these as they are
 * @throws RangeError on an empty list.
 */
export function scheduled(
  lambdas: readonly number[] | ((epochs: number) => number),
  { carry = false } = {},
): LambdaPolicy {
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
    first: lambdaAfter(0),
    ...(carry && { needs: 'subgradient' }),
    afterEpoch: (view, epochs) => moveTo(view, lambdaAfter(epochs), carry),
  };
}

/** A list of λ in a configuration, one an epoch. */
export const scheduledKind = kind(
  object({ kind: literal('schedule'), values: listOf(number(0)), carry }),
  ({ values, carry }) => scheduled(values, { carry }),
);
