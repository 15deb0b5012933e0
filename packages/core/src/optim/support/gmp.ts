import { UserError } from '../../files/errors.js';
import { sizeOf } from '../../math/index.js';
import {
  kind,
  literal,
  number,
  type Output,
  object,
  oneOf,
  withDefault,
} from '../../schema/index.js';
import { type BudgetedLayer, budgetRule, shareWeights } from '../budget.js';
import { alongCubic } from '../density-path.js';
import type { ParameterState } from '../method.js';
import { countLive, keepMarked, largest, magnitudesOf } from './marks.js';
import { changeOptions, stepsUntil, supportOptions } from './options.js';
import type { SupportContext, SupportPolicy } from './policy.js';

const schema = object({
  kind: literal('gmp'),
  ...supportOptions,
  /** `global`: the magnitudes of all layers are compared, and none has a number of its own. */
  budget: withDefault(oneOf([...budgetRule.words, 'global']), 'erk'),
  ...changeOptions,
  /** Density at the start, at least the one at the end. */
  from: withDefault(number(0, 1, { open: true }), 1),
  /** The share of the run before which no weight is dropped. */
  begin: withDefault(number(0, 1), 0),
});

type GmpOptions = Output<typeof schema>;

/** Layers whose weights are compared with one another, and how many of them live at the start and at the end. */
interface Part {
  /** Their numbers. */
  readonly layers: readonly number[];
  readonly from: number;
  readonly to: number;
}

/**
 * GMP, gradual magnitude pruning (Zhu and Gupta, To prune, or not to prune, 2017): every `everySteps` steps between the
 * steps t₀ (`begin`) and t₁ (`until`) the weights of least magnitude are dropped, so many that the density is
 *
 *     d(t) = d₁ + (d₀ − d₁)(1 − (t − t₀) / (t₁ − t₀))³,  d₀ = from, d₁ = density,
 *
 * in each layer from its share of the one to its share of the other, or in all layers together. None grows.
 *
 * @throws {UserError} the density leaves a layer empty or rises, or there is no time to prune in
 */
export function gmp(options: GmpOptions, run: SupportContext): SupportPolicy {
  const { density, everySteps, until, from, begin } = options;
  if (from < density) {
    throw new UserError(`from ${from} is below the density ${density}; it must be at least that`);
  }
  if (begin >= until) {
    throw new UserError(`begin ${begin} is not before until ${until}; it must be less`);
  }
  const first = Math.floor(stepsUntil({ ...options, until: begin }, run));
  const last = Math.max(Math.floor(stepsUntil(options, run)), first + 1);
  const start = startOf(options, run.layers);
  const parts = partsOf(options, run.layers, start);
  return {
    name: 'gmp',
    start,
    scope: () => 'support',
    changes(steps) {
      const t = steps + 1;
      return t > first && t <= last && ((t - first) % everySteps === 0 || t === last);
    },
    change(layers, steps) {
      const progress = (steps + 1 - first) / (last - first);
      for (const part of parts) {
        const states = part.layers.map((i) => layers[i].state);
        prune(states, Math.round(alongCubic(part.from, part.to, progress)));
      }
    },
  };
}

function startOf({ budget, from }: GmpOptions, layers: readonly BudgetedLayer[]): number[] {
  return shareWeights(layers, from, budget === 'global' ? 'uniform' : budget);
}

function partsOf(
  { budget, density }: GmpOptions,
  layers: readonly BudgetedLayer[],
  start: readonly number[],
): Part[] {
  if (budget !== 'global') {
    const end = shareWeights(layers, density, budget);
    return layers.map((_, i) => ({ layers: [i], from: start[i], to: end[i] }));
  }
  const dense = layers.filter(({ isDense }) => isDense);
  const compared = [...layers.keys()].filter((i) => !layers[i].isDense);
  const total = (of: (i: number) => number) => compared.reduce((sum, i) => sum + of(i), 0);
  const asOne = { name: 'all layers together', shape: [total((i) => sizeOf(layers[i].shape))] };
  const to = shareWeights([...dense, asOne], density, 'uniform').at(-1)!;
  return [{ layers: compared, from: total((i) => start[i]), to }];
}

/** Drops the weights of least magnitude beyond so many. */
function prune(states: readonly ParameterState[], count: number): void {
  const live = states.reduce((sum, state) => sum + countLive(state), 0);
  if (live <= count) return;
  const marks = largest(states.map(magnitudesOf), count);
  for (const [i, state] of states.entries()) keepMarked(state, marks[i]);
}

/** GMP in a configuration. */
export const gmpKind = kind(schema, gmp);
