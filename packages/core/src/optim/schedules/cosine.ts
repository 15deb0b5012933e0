import {
  filled,
  kind,
  literal,
  number,
  type Options,
  object,
  optional,
  whole,
  withDefault,
} from '../../schema/index.js';
import { anneal } from '../anneal.js';
import { stateless } from '../resumable.js';
import type { Schedule, ScheduleContext } from './schedule.js';

const schema = object({
  kind: literal('cosine'),
  /** Length of the run, in epochs; in a configuration that of the run itself unless told. */
  epochs: optional(whole(1)),
  /** Length of the linear warm-up, part of the run, in epochs. */
  warmup: withDefault(whole(0), 0),
  /** Rate at the end. */
  minRate: withDefault(number(0), 0),
});

/** Of {@link cosine}. */
export type CosineOptions = Options<typeof schema> & { readonly epochs: number };

/**
 * Half a cosine from `rate` down to `minRate`. Before it the warm-up climbs in a line, from
 * rate / (warmup + 1): an epoch at rate 0 would be lost.
 */
export function cosine(rate: number, options: CosineOptions): Schedule {
  const { epochs, warmup, minRate } = filled(schema, options);
  return {
    ...stateless,
    name: 'cosine',
    learningRate(epoch) {
      if (epoch < warmup) return (rate * (epoch + 1)) / (warmup + 1);
      const progress = Math.min((epoch - warmup) / (epochs - warmup), 1);
      return anneal(rate, minRate, progress);
    },
  };
}

/** A cosine in a configuration. */
export const cosineKind = kind(schema, (options, run: ScheduleContext) =>
  cosine(run.rate, { epochs: run.epochs, ...options }),
);
