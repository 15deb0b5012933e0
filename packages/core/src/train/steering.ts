import type { LambdaPolicy, Schedule } from '../optim/index.js';
import { allReady, type Soon, whenReady } from '../soon.js';
import type { Optimizer, ParameterGroup } from './optimizer.js';

/** A parameter group with what steers it. */
export interface SteeredGroup {
  readonly group: ParameterGroup;
  readonly schedule: Schedule;
  /** Only regularized groups have one. */
  readonly policy?: LambdaPolicy;
}

/** What a checkpoint remembers of it, by group. */
export interface SteeringState {
  readonly lambdas: readonly number[];
  readonly schedules: readonly unknown[];
  readonly policies: readonly unknown[];
}

/** Moves the learning rates and λ of an optimizer's groups while it trains. */
export class Steering {
  readonly #optimizer: Optimizer;
  readonly #groups: readonly SteeredGroup[];

  constructor(optimizer: Optimizer, groups: readonly SteeredGroup[]) {
    this.#optimizer = optimizer;
    this.#groups = groups;
  }

  /**
   * λ of the first regularized group, 0 without one; where every weight tensor has its own, their mean over all
   * these weights.
   */
  get lambda(): number {
    const first = this.#groups.find(({ policy }) => policy);
    if (first?.policy?.byLayer) return meanLambda(this.#groups);
    return first?.group.hyper.lambda ?? 0;
  }

  /** Of the first group. */
  get learningRate(): number {
    return this.#groups[0].group.hyper.learningRate;
  }

  /** Sets the learning rates for a step after so many epochs; fractions are allowed. */
  beforeStep(epochs: number): void {
    for (const { group, schedule } of this.#groups) {
      group.hyper.learningRate = schedule.learningRate(epochs);
    }
  }

  /** Lets the policies move λ after the optimizer's step, so many epochs into the run. */
  afterStep(epochs: number): Soon<void> {
    let moves: Soon<void>[] | undefined;
    for (const { group, policy } of this.#groups) {
      if (!policy?.afterStep || this.#optimizer.steps % (policy.everySteps ?? 1) !== 0) continue;
      moves ??= [];
      moves.push(policy.afterStep(this.#optimizer.view(group), epochs));
    }
    return moves && whenReady(allReady(moves), () => undefined);
  }

  /**
   * Lets schedules and policies learn of an epoch's end.
   *
   * @param policiesRest λ stays as it is
   */
  async afterEpoch(loss: number, epochs: number, policiesRest: boolean): Promise<void> {
    for (const { group, schedule, policy } of this.#groups) {
      schedule.observe?.(loss);
      if (!policiesRest) await policy?.afterEpoch?.(this.#optimizer.view(group), epochs);
    }
  }

  state(): SteeringState {
    return {
      lambdas: this.#groups.map(({ group }) => group.hyper.lambda),
      schedules: this.#groups.map(({ schedule }) => schedule.state()),
      policies: this.#groups.map(({ policy }) => policy?.state() ?? null),
    };
  }

  /** Whether a state is of as many groups. */
  fits({ lambdas, schedules, policies }: SteeringState): boolean {
    const { length } = this.#groups;
    return [lambdas, schedules, policies].every((each) => each.length === length);
  }

  restore({ lambdas, schedules, policies }: SteeringState): void {
    for (const [i, { group, schedule, policy }] of this.#groups.entries()) {
      group.hyper.lambda = lambdas[i];
      schedule.restore(schedules[i]);
      policy?.restore(policies[i]);
    }
  }
}

/** Of the groups that a policy steers, over all their weights. */
function meanLambda(groups: readonly SteeredGroup[]): number {
  let weights = 0;
  let sum = 0;
  for (const { group, policy } of groups) {
    if (!policy) continue;
    const size = group.parameters.reduce((total, each) => total + each.rows * each.columns, 0);
    weights += size;
    sum += size * group.hyper.lambda;
  }
  return sum / weights;
}
