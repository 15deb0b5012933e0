import { stream } from '../../math/random.js';
import { kind, literal, object } from '../../schema/index.js';
import type { GradientContext, GradientPolicy } from './policy.js';

/** Of zero weights from one block of sixteen samples, drawn anew each step from a stream of the seed. */
export function sampled(seed: number): GradientPolicy {
  return {
    name: 'sampled',
    scope: () => 'sampled',
    block: (steps, blocks) => stream(seed, 'sampled block', steps).below(blocks),
  };
}

/** Sampled gradients in a configuration. */
export const sampledKind = kind(
  object({ kind: literal('sampled') }),
  (_, { seed }: GradientContext) => sampled(seed),
);
