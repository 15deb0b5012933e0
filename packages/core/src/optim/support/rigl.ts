import { kind, literal, type Output, object } from '../../schema/index.js';
import { anneal } from '../anneal.js';
import { shareWeights } from '../budget.js';
import { rewireOptions, stepsUntil } from './options.js';
import type { SupportContext, SupportPolicy } from './policy.js';
import { growLargest, rewire } from './rewire.js';

const schema = object({ kind: literal('rigl'), ...rewireOptions });

/**
 * RigL (Evci et al., Rigging the Lottery: Making All Tickets Winners, 2020, Algorithm 1): every `everySteps` steps a
 * step takes the exact gradients g of all weights and, in place of moving them, drops the share
 *
 *     f(t) = α/2 (1 + cos(πt / T)),  α = fraction, T = until · steps of the run, t < T,
 *
 * of each layer's live weights, those of least |θ|, and grows as many where |g| is largest among all that do not
 * live then. Grown weights begin at 0 with moments of 0. As in its authors' code a weight that is dropped and
 * grown in the same step stays as it is.
 *
 * @throws {UserError} the density leaves a layer empty
 */
export function rigl(options: Output<typeof schema>, run: SupportContext): SupportPolicy {
  const { density, budget, everySteps, fraction } = options;
  const end = stepsUntil(options, run);
  const changes = (steps: number) => steps > 0 && steps % everySteps === 0 && steps < end;
  return {
    name: 'rigl',
    start: shareWeights(run.layers, density, budget),
    scope: (steps) => (changes(steps) ? 'all' : 'support'),
    changes,
    change(layers, steps) {
      const share = anneal(fraction, 0, steps / end);
      for (const { state, gradient } of layers) rewire(state, share, growLargest(gradient!));
    },
  };
}

/** RigL in a configuration. */
export const riglKind = kind(schema, rigl);
