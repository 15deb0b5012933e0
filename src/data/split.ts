import { UserError } from '../files/errors.js';
import { stream } from '../math/random.js';
import type { Samples } from './samples.js';

/**
 * Parts samples at random into those to train on and those held back. Lists of sample numbers rather
 * than copies, each in ascending order.
 *
 * @param validation how many to hold back: a fraction below 1, or a count.
 * @throws {UserError} a share that is negative, fractional above 1, or leaves nothing to train on.
 */
export function split(
  { count }: Pick<Samples, 'count'>,
  validation: number,
  seed: number,
): { train: Int32Array; validation: Int32Array } {
  const held = validation < 1 ? Math.round(validation * count) : validation;
  if (!Number.isInteger(held) || validation < 0 || held >= count) {
    throw new UserError(
      `cannot hold back ${validation} of ${count} samples: give a fraction below 1 or a smaller count`,
    );
  }
  const order = ascending(count);
  stream(seed, 'split').shuffle(order);
  return { train: order.slice(held).sort(), validation: order.slice(0, held).sort() };
}

/** The numbers from 0 to `count` − 1 in the random order of one epoch: the same whenever asked. */
export function shuffled(count: number, seed: number, epoch: number): Int32Array {
  const order = ascending(count);
  stream(seed, 'shuffle', epoch).shuffle(order);
  return order;
}

function ascending(count: number): Int32Array {
  return Int32Array.from({ length: count }, (_, i) => i);
}
