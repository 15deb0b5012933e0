import { UserError } from '../files/errors.js';

/** The loss or a weight is no longer a finite number. */
export class DivergenceError extends UserError {
  /** The step, from 1, and the epoch, from 1, at which it was found. */
  constructor(
    readonly step: number,
    readonly epoch: number,
    what: string,
  ) {
    super(
      `training diverged at step ${step} (epoch ${epoch}): ${what}; a smaller optimizer.learningRate may help`,
    );
  }
}
