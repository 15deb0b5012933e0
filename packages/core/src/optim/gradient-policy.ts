import type { GradientScope } from '../graph/pass.js';
import { stream } from '../math/random.js';

/** Says which gradients a step takes. */
export interface GradientPolicy {
  readonly name: string;
  /** Of the step after so many. */
  scope(steps: number): GradientScope;
  /**
   * Of the scope `sampled`: which block of sixteen samples stands for the batch.
   *
   * @param blocks blocks of the batch
   */
  block?(steps: number, blocks: number): number;
}

/** Of every weight, in every step. */
export function exact(): GradientPolicy {
  return { name: 'exact', scope: () => 'all' };
}

/** Of every weight in each `period`-th step; between them only non-zero weights move. */
export function multilevel(period: number): GradientPolicy {
  return { name: 'multilevel', scope: (steps) => (steps % period === 0 ? 'all' : 'support') };
}

/** Of zero weights from one block of sixteen samples, drawn anew each step from a stream of the seed. */
export function sampled(seed: number): GradientPolicy {
  return {
    name: 'sampled',
    scope: () => 'sampled',
    block: (steps, blocks) => stream(seed, 'sampled block', steps).below(blocks),
  };
}
