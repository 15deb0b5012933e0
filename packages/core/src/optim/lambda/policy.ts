import type { Soon } from '../../soon.js';
import type { Resumable } from '../resumable.js';

/** The units (entries or groups) of one regularized tensor that the prox keeps or removes. */
export interface Units {
  /** For each unit the λ at which it vanishes, given v: it survives while λ is below. */
  readonly thresholds: Float32Array;
  /** Weights in each unit. */
  readonly size: number;
}

/** What a policy may see and do: one parameter group with its λ. */
export interface LambdaView {
  /** λ of the group; the next step uses what is written here. */
  lambda: number;
  /** Non-zero weights / weights, over the regularized weights of the group. */
  readonly density: number;
  /** One entry for every regularized tensor of the group. Costs a pass over all their weights. */
  units(): Soon<readonly Units[]>;
  /** v ← θ/δ + λs with the present λ, as at the start. */
  resetSubgradients(): Soon<void>;
}

/** Steers λ during training. */
export interface LambdaPolicy<State = unknown> extends Resumable<State> {
  readonly name: string;
  /** λ to begin with, where it is not that of the group. */
  readonly first?: number;
  /**
   * What it works on: the dual variable v of the Bregman methods, or also the thresholds of the group's
   * regularizer. Without, any group will do.
   */
  readonly needs?: 'subgradient' | 'thresholds';
  /** How many steps lie between two calls of `afterStep`. */
  readonly everySteps?: number;
  /** Called after every `everySteps`-th step. */
  afterStep?(view: LambdaView): Soon<void>;
  /**
   * Called after every epoch.
   *
   * @param epochs epochs completed, 1 after the first.
   */
  afterEpoch?(view: LambdaView, epochs: number): Soon<void>;
}
