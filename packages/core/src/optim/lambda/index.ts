export { type DiscrepancyOptions, type DiscrepancyState, discrepancy } from './discrepancy.js';
export { fixed } from './fixed.js';
export type { LambdaPolicy, LambdaView, Units } from './policy.js';
export { scheduled } from './scheduled.js';
export { lambdaKeeping } from './select.js';
export { type TargetDensityOptions, targetDensity } from './target-density.js';
