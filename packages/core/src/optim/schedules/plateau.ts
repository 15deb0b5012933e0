import { UserError } from '../../files/errors.js';
import { fields, nullable, number, validate } from '../../schema/index.js';
import type { Schedule } from './schedule.js';

/** Of {@link plateau}; in brackets what holds unless told, the settings of the paper's notebooks. */
export interface PlateauOptions {
  /** What the rate is multiplied by (0.5). */
  readonly factor?: number;
  /** Epochs without improvement that are let pass (5). */
  readonly patience?: number;
  /** Relative fall of the loss that counts as an improvement (0.01). */
  readonly threshold?: number;
  /** Epochs after a reduction in which nothing is counted (0). */
  readonly cooldown?: number;
  /** The rate never falls below this (0). */
  readonly minRate?: number;
  /** A reduction smaller than this is not made (1e-8). */
  readonly epsilon?: number;
}

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
  const { factor = 0.5, patience = 5, threshold = 0.01 } = options;
  const { cooldown = 0, minRate = 0, epsilon = 1e-8 } = options;
  let now: PlateauState = { rate, best: null, badEpochs: 0, cooldownLeft: 0 };

  const reduce = () => {
    const reduced = Math.max(now.rate * factor, minRate);
    if (now.rate - reduced > epsilon) now.rate = reduced;
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
