import type { GradientScope } from '../../graph/pass.js';

/** What a gradient policy of a configuration is made for. */
export interface GradientContext {
  /** Of the run. */
  readonly seed: number;
}

/** Says which gradients a step takes. */
export interface GradientPolicy {
  readonly name: string;
  /** Of the step after so many. */
  scope(steps: number): GradientScope;
  /**
   * Of the scope `sampled`: which block of sixteen samples stands for the batch.
   *
   * @param blocks blocks of the batch
   */
  block?(steps: number, blocks: number): number;
}
