import type { Network } from '../backend/index.js';
import type { Parameter } from '../graph/index.js';
import { sizeOf } from '../math/index.js';
import { type SupportPolicy, supportPolicies } from '../optim/index.js';
import { build } from '../schema/build.js';
import { isDense } from './build-optimizer.js';
import type { Config } from './config.js';
import type { Start } from './initialize.js';
import type { GroupOptions } from './optimizer.js';

/** The weights that a run holds on a support, and the policy that does. */
export interface BuiltSupport {
  readonly policy: SupportPolicy;
  readonly weights: readonly Parameter[];
  /** How those of these weights begin that are not dense, by name. */
  readonly starts: ReadonlyMap<string, Omit<Start, 'bias'>>;
}

/**
 * Makes the support policy of a configuration, for all weights that the optimizer moves; undefined where it has
 * none.
 *
 * @throws {ConfigError} a density that leaves a layer empty
 */
export function buildSupport(
  config: Config,
  network: Network,
  groups: readonly GroupOptions[],
  stepsPerEpoch: number,
): BuiltSupport | undefined {
  const { support, seed, epochs } = config;
  if (!support) return undefined;
  const moved = new Set(groups.flatMap(({ parameters }) => parameters));
  const weights = network.parameters.filter((each) => each.role === 'weight' && moved.has(each));
  const layers = weights.map((each) => ({
    name: each.name,
    shape: each.shape,
    isDense: isDense(config, each),
  }));
  const policy = build('support', () =>
    supportPolicies.build(support, { seed, epochs, stepsPerEpoch, layers }),
  );
  const starts = new Map<string, Omit<Start, 'bias'>>();
  for (const [i, { name, shape, isDense }] of layers.entries()) {
    if (isDense) continue;
    const density = policy.start[i] / sizeOf(shape);
    const gain = support.gain / Math.sqrt(density);
    starts.set(name, { density, by: 'entries', mask: 'exact', gain });
  }
  return { policy, weights, starts };
}
