import { family } from '../../schema/index.js';
import { discrepancyKind } from './discrepancy.js';
import { fixedKind } from './fixed.js';
import { scheduledKind } from './scheduled.js';
import { targetDensityKind } from './target-density.js';

export { type DiscrepancyOptions, type DiscrepancyState, discrepancy } from './discrepancy.js';
export { fixed } from './fixed.js';
export type { LambdaContext, LambdaPolicy, LambdaView, Units } from './policy.js';
export { scheduled } from './scheduled.js';
export { lambdaKeeping } from './select.js';
export { type TargetDensityOptions, targetDensity } from './target-density.js';

/** All λ policies. A new one is a file beside these and a line here. */
export const lambdaPolicies = family([
  fixedKind,
  scheduledKind,
  discrepancyKind,
  targetDensityKind,
]);
