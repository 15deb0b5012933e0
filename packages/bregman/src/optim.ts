/** Methods, schedules and λ policies, and the optimizer that runs them. */
export * from '@bregman/core/optim';
export { type GroupOptions, Optimizer, type ParameterGroup } from '@bregman/core/train';
