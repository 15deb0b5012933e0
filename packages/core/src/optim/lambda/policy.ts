import type { Soon } from '../../soon.js';
import type { BudgetedLayer } from '../budget.js';
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
  /**
   * Moves λ to λ′, and v with it where weights live, so that these stay as they are: v ← v + (λ′ − λ)s with
   * s ∈ ∂R(θ), s = 0 where θ is 0. In sparse groups a λ that falls may still wake entries, which changes the norm
   * that they share with the others of their group.
   */
  carryTo(lambda: number): Soon<void>;
}

/** What a λ policy of a configuration is made for. */
export interface LambdaContext {
  /** The regularized weights of the run, among which a budget is shared out. */
  readonly layers: readonly BudgetedLayer[];
  /** Which of them the policy steers alone; without, it steers a whole group. */
  readonly layer?: number;
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
  /** Whether every weight tensor has a λ and a policy of its own. */
  readonly byLayer?: boolean;
  /** How many steps lie between two calls of `afterStep`. */
  readonly everySteps?: number;
  /**
   * Called after every `everySteps`-th step.
   *
   * @param epochs completed, and the part of the one under way
   */
  afterStep?(view: LambdaView, epochs: number): Soon<void>;
  /**
   * Called after every epoch.
   *
   * @param epochs epochs completed, 1 after the first.
   */
  afterEpoch?(view: LambdaView, epochs: number): Soon<void>;
}
