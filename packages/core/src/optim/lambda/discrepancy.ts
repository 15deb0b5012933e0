import { UserError } from '../../files/errors.js';
import {
  fields,
  filled,
  kind,
  literal,
  number,
  type Options,
  object,
  validate,
  whole,
  withDefault,
} from '../../schema/index.js';
import type { LambdaPolicy } from './policy.js';

const schema = object({
  kind: literal('discrepancy'),
  /** Density to come to, in [0, 1]. */
  target: number(0, 1),
  /** What λ moves by at a time. */
  increment: withDefault(number(0, Infinity, { open: true }), 0.05),
  /** Epochs left alone at the start, and one more. */
  warmup: withDefault(whole(0), 0),
  /** Epochs left alone after the warm-up and after every change of λ. */
  cooldown: withDefault(whole(0), 0),
});

/** Of {@link discrepancy}. */
export type DiscrepancyOptions = Options<typeof schema>;

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
  const { target, increment, warmup, cooldown } = filled(schema, options);
  // The reference spends one call on leaving its warm-up; we agree with its timing.
  let waiting = warmup + 1 + cooldown;
  return {
    name: 'discrepancy',
    needs: 'subgradient',
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

/** The discrepancy rule in a configuration. */
export const discrepancyKind = kind(schema, discrepancy);
