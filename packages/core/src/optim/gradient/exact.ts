import { kind, literal, object } from '../../schema/index.js';
import type { GradientPolicy } from './policy.js';

/** Of every weight, in every step. */
export function exact(): GradientPolicy {
  return { name: 'exact', scope: () => 'all' };
}

/** Exact gradients in a configuration. */
export const exactKind = kind(object({ kind: literal('exact') }), exact);
