import { family } from '../../schema/index.js';
import { constantKind } from './constant.js';
import { cosineKind } from './cosine.js';
import { plateauKind } from './plateau.js';
import { stepKind } from './step.js';

export { constant } from './constant.js';
export { type CosineOptions, cosine } from './cosine.js';
export { type PlateauOptions, type PlateauState, plateau } from './plateau.js';
export type { Schedule, ScheduleContext } from './schedule.js';
export { type StepOptions, step } from './step.js';

/** All schedules. A new one is a file beside these and a line here. */
export const schedules = family([constantKind, stepKind, cosineKind, plateauKind]);
