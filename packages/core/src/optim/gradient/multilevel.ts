import { kind, literal, object, whole, withDefault } from '../../schema/index.js';
import type { GradientPolicy } from './policy.js';

/** Of every weight in each `period`-th step; between them only non-zero weights move. */
export function multilevel(period: number): GradientPolicy {
  return { name: 'multilevel', scope: (steps) => (steps % period === 0 ? 'all' : 'support') };
}

/** Multilevel gradients in a configuration. */
export const multilevelKind = kind(
  object({ kind: literal('multilevel'), period: withDefault(whole(2), 10) }),
  ({ period }) => multilevel(period),
);
