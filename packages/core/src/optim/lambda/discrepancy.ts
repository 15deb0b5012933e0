import { UserError } from '../../files/errors.js';
import { fields, number, validate } from '../../schema/index.js';
import type { LambdaPolicy } from './policy.js';

/** Of {@link discrepancy}. */
export interface DiscrepancyOptions {
  /** Density to come to, in [0, 1]. */
  readonly target: number;
  /** What λ moves by at a time (0.05 unless told). */
  readonly increment?: number;
  /** Epochs left alone at the start, and one more (0 unless told). */
  readonly warmup?: number;
  /** Epochs left alone after the warm-up and after every change of λ (0 unless told). */
  readonly cooldown?: number;
}

/** What a discrepancy policy remembers. */
export interface DiscrepancyState {
  /** Epochs still to be left alone. */
  waiting: number;
}

const stateSchema = fields({ waiting: number() });

/**
 * The discrepancy rule of the paper's reference implementation: now and then, λ grows by an
 * increment where the density lies above the target, and falls by it (to 0 at least) otherwise;
 * then v starts anew from θ, so that what the old λ held back is forgotten.
 */
export function discrepancy(options: DiscrepancyOptions): LambdaPolicy<DiscrepancyState> {
  const { target, increment = 0.05, warmup = 0, cooldown = 0 } = options;
  // The reference spends one call on leaving its warm-up; we agree with its timing.
  let waiting = warmup + 1 + cooldown;
  return {
    name: 'discrepancy',
    afterEpoch(view) {
      if (waiting > 0) {
        waiting--;
        return undefined;
      }
      waiting = cooldown;
      const change = view.density > target ? increment : -increment;
      view.lambda = Math.max(view.lambda + change, 0);
      return view.resetSubgradients();
    },
    state: () => ({ waiting }),
    restore(state) {
      ({ waiting } = validate(stateSchema, state, 'checkpoint: discrepancy', UserError));
    },
  };
}
