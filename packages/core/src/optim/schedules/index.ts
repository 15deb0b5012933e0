export { constant } from './constant.js';
export { type CosineOptions, cosine } from './cosine.js';
export { type PlateauOptions, type PlateauState, plateau } from './plateau.js';
export type { Schedule } from './schedule.js';
export { step } from './step.js';
