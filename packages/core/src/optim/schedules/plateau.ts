import { UserError } from '../../files/errors.js';
import {
  fields,
  filled,
  kind,
  literal,
  nullable,
  number,
  type Options,
  object,
  validate,
  whole,
  withDefault,
} from '../../schema/index.js';
import type { Schedule, ScheduleContext } from './schedule.js';

const schema = object({
  kind: literal('plateau'),
  /** What the rate is multiplied by, in (0, 1]. */
  factor: withDefault(number(0, 1, { open: true }), 0.5),
  /** Epochs without improvement that are let pass. */
  patience: withDefault(whole(0), 5),
  /** Relative fall of the loss that counts as an improvement. */
  threshold: withDefault(number(0, 1), 0.01),
  /** Epochs after a reduction in which nothing is counted. */
  cooldown: withDefault(whole(0), 0),
  /** The rate never falls below this. */
  minRate: withDefault(number(0), 0),
});

/** A reduction smaller than this is not made. */
const LEAST_REDUCTION = 1e-8;

/** Of {@link plateau}; the defaults are the settings of the paper's notebooks. */
export type PlateauOptions = Options<typeof schema>;

/** What a plateau schedule remembers. */
export interface PlateauState {
  rate: number;
  /** The lowest loss that counted as an improvement; null before the first. */
  best: number | null;
  badEpochs: number;
  cooldownLeft: number;
}

const stateSchema = fields({
  rate: number(),
  best: nullable(number()),
  badEpochs: number(),
  cooldownLeft: number(),
});

/**
 * Reduces the rate when the loss has stopped falling: the rules of PyTorch's ReduceLROnPlateau
 * with mode 'min' and threshold mode 'rel'.
 */
export function plateau(rate: number, options: PlateauOptions = {}): Schedule<PlateauState> {
  const { factor, patience, threshold, cooldown, minRate } = filled(schema, options);
  let now: PlateauState = { rate, best: null, badEpochs: 0, cooldownLeft: 0 };

  const reduce = () => {
    const reduced = Math.max(now.rate * factor, minRate);
    if (now.rate - reduced > LEAST_REDUCTION) now.rate = reduced;
    now.cooldownLeft = cooldown;
    now.badEpochs = 0;
  };

  return {
    name: 'plateau',
    learningRate: () => now.rate,

    observe(loss) {
      if (loss < (now.best ?? Infinity) * (1 - threshold)) {
        now.best = loss;
        now.badEpochs = 0;
      } else {
        now.badEpochs++;
      }
      if (now.cooldownLeft > 0) {
        now.cooldownLeft--;
        now.badEpochs = 0;
      }
      if (now.badEpochs > patience) reduce();
    },

    state: () => ({ ...now }),
    restore(state) {
      now = validate(stateSchema, state, 'checkpoint: plateau', UserError);
    },
  };
}

/** A plateau schedule in a configuration. */
export const plateauKind = kind(schema, (options, run: ScheduleContext) =>
  plateau(run.rate, options),
);
