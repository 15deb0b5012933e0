/** Methods, learning-rate schedules and λ policies: one file each. */
export * from './lambda/index.js';
export {
  type Hyperparameters,
  initialState,
  type Method,
  type MethodName,
  type ParameterState,
  proxOfSubgradient,
  resetSubgradient,
} from './method.js';
export { methods } from './methods.js';
export { type GroupOptions, Optimizer, type ParameterGroup } from './optimizer.js';
export type { Resumable } from './resumable.js';
export * from './schedules/index.js';
