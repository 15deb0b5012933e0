import type { Network } from '../backend/index.js';
import { ConfigError } from '../files/errors.js';
import type { Parameter } from '../graph/index.js';
import { sizeOf } from '../math/index.js';
import { type BudgetedLayer, type SupportPolicy, supportPolicies } from '../optim/index.js';
import { build } from '../schema/build.js';
import { matches } from './build-optimizer.js';
import type { Config } from './config.js';
import type { Start } from './initialize.js';
import type { GroupOptions } from './optimizer.js';

/** The weights that a run holds on a support, and the policy that does. */
export interface BuiltSupport {
  readonly policy: SupportPolicy;
  readonly weights: readonly Parameter[];
  /** How these weights begin, by name. */
  readonly starts: ReadonlyMap<string, Omit<Start, 'bias'>>;
}

/**
 * Makes the support policy of a configuration, for all weights that the optimizer moves; undefined where it has
 * none.
 *
 * @throws {ConfigError} a density that leaves a layer empty, or a pattern that names no weight
 */
export function buildSupport(
  { support, seed, epochs }: Config,
  network: Network,
  groups: readonly GroupOptions[],
  stepsPerEpoch: number,
): BuiltSupport | undefined {
  if (!support) return undefined;
  const moved = new Set(groups.flatMap(({ parameters }) => parameters));
  const weights = network.parameters.filter((each) => each.role === 'weight' && moved.has(each));
  const layers = markDense(weights, support.dense);
  const policy = build('support', () =>
    supportPolicies.build(support, { seed, epochs, stepsPerEpoch, layers }),
  );
  const starts = weights.map(({ name, shape }, i): [string, Omit<Start, 'bias'>] => {
    const density = policy.start[i] / sizeOf(shape);
    const gain = support.gain / Math.sqrt(density);
    return [name, { density, by: 'entries', mask: 'exact', gain }];
  });
  return { policy, weights, starts: new Map(starts) };
}

function markDense(weights: readonly Parameter[], patterns: readonly string[]): BudgetedLayer[] {
  for (const [i, pattern] of patterns.entries()) {
    if (weights.some((each) => matches(each, pattern))) continue;
    const names = weights.map(({ name }) => name).join(', ');
    throw new ConfigError(
      `support.dense.${i}: ${pattern} names no weight; the network has ${names}`,
    );
  }
  return weights.map((each) => ({
    name: each.name,
    shape: each.shape,
    isDense: patterns.some((pattern) => matches(each, pattern)),
  }));
}
