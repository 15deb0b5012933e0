import type { Resumable } from '../resumable.js';

/** What a schedule of a configuration is made for. */
export interface ScheduleContext {
  /** The learning rate to begin with, τ > 0. */
  readonly rate: number;
  /** Length of the run. */
  readonly epochs: number;
  /** Samples of an epoch / batch size: whole batches, perhaps with a fraction. */
  readonly stepsPerEpoch: number;
}

/** A learning rate over the epochs. */
export interface Schedule<State = unknown> extends Resumable<State> {
  readonly name: string;
  /**
   * The learning rate to use from here on.
   *
   * @param epoch epochs completed, 0 at the start; fractions are allowed within an epoch.
   */
  learningRate(epoch: number): number;
  /** Takes in the training loss of the epoch that has just ended, where the schedule follows it. */
  observe?(loss: number): void;
}
