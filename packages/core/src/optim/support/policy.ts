import type { BudgetedLayer } from '../budget.js';
import type { GradientPolicy } from '../gradient/index.js';
import type { ParameterState } from '../method.js';

/** What a support policy of a configuration is made for. */
export interface SupportContext {
  /** Of the run. */
  readonly seed: number;
  readonly epochs: number;
  readonly stepsPerEpoch: number;
  /** The weight tensors that it holds, in the order of all that is by layer. */
  readonly layers: readonly BudgetedLayer[];
}

/** A weight tensor as a policy sees and changes it: its live weights are those that are not 0. */
export interface SupportedLayer {
  readonly name: string;
  readonly state: ParameterState;
  /** Of every weight; there in a step of the scope `all`. */
  readonly gradient: Float32Array | undefined;
}

/**
 * Says which weights live. They alone move, and no gradient of the others is computed but in a step of the
 * scope `all`, which is there for the support alone and moves nothing.
 *
 * All it does follows from the weights, the number of the step and the seed: there is no state to save.
 */
export interface SupportPolicy extends GradientPolicy {
  /** How many weights of each layer live at the start. */
  readonly start: readonly number[];
  /** Whether the step after so many changes the support, when it has moved what lives. */
  changes(steps: number): boolean;
  /** Changes the weights in place, in such a step, and the moments of those that no longer live. */
  change(layers: readonly SupportedLayer[], steps: number): void;
}
