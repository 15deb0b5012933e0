import { family } from '../../schema/index.js';
import { exactKind } from './exact.js';
import { multilevelKind } from './multilevel.js';
import { sampledKind } from './sampled.js';

export { exact } from './exact.js';
export { multilevel } from './multilevel.js';
export type { GradientPolicy } from './policy.js';
export { sampled } from './sampled.js';

/** All gradient policies. A new one is a file beside these and a line here. */
export const gradientPolicies = family([exactKind, multilevelKind, sampledKind]);
