/** Methods, learning-rate schedules and λ policies: one file each. */
export { type BudgetedLayer, type BudgetRule, budgetRule, shareWeights } from './budget.js';
export * from './gradient/index.js';
export * from './lambda/index.js';
export {
  initialState,
  type KernelStep,
  type MethodOf,
  type ParameterState,
  proxOfSubgradient,
  resetSubgradient,
} from './method.js';
export {
  type Hyperparameters,
  hyperparameters,
  type Method,
  type MethodName,
  methodNames,
  methods,
} from './methods.js';
export type { Resumable } from './resumable.js';
export * from './schedules/index.js';
export { stepPlainly } from './step-plainly.js';
export * from './support/index.js';
