import { stateless } from '../resumable.js';
import type { Schedule } from './schedule.js';

/** Of {@link cosine}, in epochs. */
export interface CosineOptions {
  /** Length of the run. */
  readonly epochs: number;
  /** Length of the linear warm-up, part of the run; 0 unless told. */
  readonly warmup?: number;
  /** Rate at the end; 0 unless told. */
  readonly minRate?: number;
}

/**
 * Half a cosine from `rate` down to `minRate`. Before it the warm-up climbs in a line, from
 * rate / (warmup + 1): an epoch at rate 0 would be lost.
 */
export function cosine(rate: number, { epochs, warmup = 0, minRate = 0 }: CosineOptions): Schedule {
  return {
    ...stateless,
    name: 'cosine',
    learningRate(epoch) {
      if (epoch < warmup) return (rate * (epoch + 1)) / (warmup + 1);
      const progress = Math.min((epoch - warmup) / (epochs - warmup), 1);
      return minRate + ((rate - minRate) * (1 + Math.cos(Math.PI * progress))) / 2;
    },
  };
}
