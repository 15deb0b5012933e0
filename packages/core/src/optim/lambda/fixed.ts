import { kind, literal, object } from '../../schema/index.js';
import { stateless } from '../resumable.js';
import type { LambdaPolicy } from './policy.js';

/** Leaves λ as the user set it. */
export function fixed(): LambdaPolicy {
  return { ...stateless, name: 'fixed' };
}

/** A fixed λ in a configuration. */
export const fixedKind = kind(object({ kind: literal('fixed') }), fixed);
