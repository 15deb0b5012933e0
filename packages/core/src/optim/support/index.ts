import { family } from '../../schema/index.js';
import { gmpKind } from './gmp.js';
import { riglKind } from './rigl.js';
import { setKind } from './set.js';
import { staticKind } from './static.js';

export { LEAST_ALIVE } from './alive.js';
export type { SupportContext, SupportedLayer, SupportPolicy } from './policy.js';

/** All support policies. A new one is a file beside these and a line here. */
export const supportPolicies = family([staticKind, setKind, riglKind, gmpKind]);
