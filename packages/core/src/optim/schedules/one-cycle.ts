import {
  filled,
  fraction,
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
  kind: literal('one-cycle'),
  /** Length of the cycle, in epochs; in a configuration that of the run itself unless told. */
  epochs: optional(whole(1)),
  /** The part of the cycle in which the rate rises, in [0, 1). */
  share: withDefault(fraction, 0.3),
  /** The cycle begins at rate / divide. */
  divide: withDefault(number(1), 25),
  /** It ends at rate / (divide · final). */
  final: withDefault(number(1), 1e4),
});

/** Of {@link oneCycle}; the defaults are PyTorch's. */
export type OneCycleOptions = Options<typeof schema> & { readonly epochs: number };

/**
 * One cycle (Smith & Topin 2017, arXiv 1708.07120) as PyTorch's OneCycleLR with cosine annealing has it: half a
 * cosine from rate / divide up to `rate`, then half a cosine down to rate / (divide · final), where it stays.
 */
export function oneCycle(rate: number, options: OneCycleOptions): Schedule {
  const { epochs, share, divide, final } = filled(schema, options);
  const first = rate / divide;
  const peak = share * epochs;
  return {
    ...stateless,
    name: 'one-cycle',
    learningRate(epoch) {
      if (epoch < peak) return anneal(first, rate, epoch / peak);
      return anneal(rate, first / final, Math.min((epoch - peak) / (epochs - peak), 1));
    },
  };
}

/** One cycle in a configuration. */
export const oneCycleKind = kind(schema, (options, run: ScheduleContext) =>
  oneCycle(run.rate, { epochs: run.epochs, ...options }),
);
