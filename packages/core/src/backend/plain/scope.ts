/** What the scopes of gradients mean. */
import { BLOCK, blocksOf } from '../../graph/pass.js';
import type { Numbers } from '../../lowering/plain.js';

/**
 * One block of sixteen samples that stands for a batch: its own numbers times the number of blocks, 0 in all
 * other samples.
 *
 * @param values samples × features
 */
export function oneBlock(values: Numbers, samples: number, block: number): Float64Array {
  const perBlock = (values.length / samples) * BLOCK;
  const blocks = blocksOf(samples);
  return Float64Array.from(values, (value, i) =>
    Math.floor(i / perBlock) === block ? value * blocks : 0,
  );
}

/** Exact where a weight is not zero, and the other gradient where it is. */
export function exactOnSupport(weights: Numbers, exact: Numbers, others: Numbers): Float32Array {
  return Float32Array.from(exact, (each, i) => (weights[i] !== 0 ? each : others[i]));
}
