/** Methods, learning-rate schedules and λ policies: one file each. */
export { exact, type GradientPolicy, multilevel, sampled } from './gradient-policy.js';
export * from './lambda/index.js';
export {
  type Hyperparameters,
  initialState,
  type KernelStep,
  type Method,
  type MethodName,
  type ParameterState,
  proxOfSubgradient,
  resetSubgradient,
} from './method.js';
export { methods } from './methods.js';
export type { Resumable } from './resumable.js';
export * from './schedules/index.js';
export { stepPlainly } from './step-plainly.js';
