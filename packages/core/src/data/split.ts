import { UserError } from '../files/errors.js';
import { stream } from '../math/random.js';
import type { Labels, Samples } from './samples.js';

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

/**
 * Parts samples at random into those to train on and those to test with, class by class, so that each
 * keeps its share of both. A class of two samples or more has at least one for testing, and every
 * class at least one to train on. Each list is in ascending order.
 *
 * @param labels the class of each sample, from 0.
 * @param share the fraction to test with, between 0 and 1.
 */
export function splitByClass(
  labels: Labels,
  share: number,
  seed: number,
): { train: Int32Array; test: Int32Array } {
  const classes: number[][] = [];
  for (const [i, label] of labels.entries()) {
    classes[label] ??= [];
    classes[label].push(i);
  }
  const train: number[] = [];
  const test: number[] = [];
  for (const [label, members] of classes.entries()) {
    const order = Int32Array.from(members ?? []);
    stream(seed, 'test', label).shuffle(order);
    const held = Math.min(Math.max(1, Math.round(share * order.length)), order.length - 1);
    for (const [i, sample] of order.entries()) (i < held ? test : train).push(sample);
  }
  return { train: Int32Array.from(train).sort(), test: Int32Array.from(test).sort() };
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
