import { kind, literal, type Output, object } from '../../schema/index.js';
import { shareWeights } from '../budget.js';
import { supportOptions } from './options.js';
import type { SupportContext, SupportPolicy } from './policy.js';

const schema = object({ kind: literal('static'), ...supportOptions });

/** Static sparsity: the weights of the start are those of the end. */
export function staticSupport(
  { density, budget }: Output<typeof schema>,
  { layers }: SupportContext,
): SupportPolicy {
  return {
    name: 'static',
    start: shareWeights(layers, density, budget),
    scope: () => 'support',
    changes: () => false,
    change() {},
  };
}

/** Static sparsity in a configuration. */
export const staticKind = kind(schema, staticSupport);
