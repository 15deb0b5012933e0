/** Samples that are worked on together, and of which one such block may stand for a batch. */
export const BLOCK = 16;

/** Blocks that hold so many samples; the last one may be partly empty. */
export function blocksOf(samples: number): number {
  return Math.ceil(samples / BLOCK);
}

/**
 * Which weights get a gradient: `all`; the non-zero ones of the `support` alone; or these exactly and
 * the others from one block of sixteen samples that stands for the batch (`sampled`).
 */
export type GradientScope = 'all' | 'support' | 'sampled';

/** Whether statistics come from the batch, or from training. */
export type Mode = 'training' | 'evaluation';
