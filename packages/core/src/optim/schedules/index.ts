import { family } from '../../schema/index.js';
import { constantKind } from './constant.js';
import { cosineKind } from './cosine.js';
import { oneCycleKind } from './one-cycle.js';
import { plateauKind } from './plateau.js';
import { stepKind } from './step.js';
import { warmupKind } from './warmup.js';

export { constant } from './constant.js';
export { type CosineOptions, cosine } from './cosine.js';
export { type OneCycleOptions, oneCycle } from './one-cycle.js';
export { type PlateauOptions, type PlateauState, plateau } from './plateau.js';
export type { Schedule, ScheduleContext } from './schedule.js';
export { type StepOptions, step } from './step.js';

export { type WarmupOptions, warmup } from './warmup.js';

const kinds = [constantKind, stepKind, cosineKind, plateauKind, oneCycleKind] as const;

/** All schedules. A new one is a file beside these and a line here; a warm-up leads to any of the others. */
export const schedules = family([...kinds, warmupKind(family(kinds))]);
