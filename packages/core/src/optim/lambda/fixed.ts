import { stateless } from '../resumable.js';
import type { LambdaPolicy } from './policy.js';

/** Leaves λ as the user set it. */
export function fixed(): LambdaPolicy {
  return { ...stateless, name: 'fixed' };
}
