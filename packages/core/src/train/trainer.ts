import type { BatchResult, Network } from '../backend/index.js';
import { isBatchSource } from '../data/batches.js';
import type { Samples } from '../data/samples.js';
import { UserError } from '../files/errors.js';
import type { Tensor } from '../files/safetensors.js';
import { blocksOf, type GradientScope, type MultiplyAdds } from '../graph/index.js';
import type { GradientPolicy } from '../optim/index.js';
import { type Soon, whenReady } from '../soon.js';
import type { WeightAverage } from './average.js';
import { densityOf } from './density.js';
import { DivergenceError } from './divergence-error.js';
import { type Density, type Score, ScoreSum, type Summary } from './metrics.js';
import type { ModelDescription } from './model-description.js';
import type { Optimizer } from './optimizer.js';
import type { Sampler } from './sampler.js';
import { scoreOn } from './scorer.js';
import type { Steering, SteeringState } from './steering.js';
import type { SupportSteps } from './support-steps.js';
import type { TrainingData } from './training-data.js';
import { readWeights, writeWeights } from './weights.js';
import { WorkCounter } from './work-counter.js';

/** All that a run has to remember besides the arrays of network and optimizer. */
export interface TrainerState extends SteeringState {
  /** Epochs completed, and steps taken in the one that is under way. */
  readonly epoch: number;
  readonly batch: number;
  readonly steps: number;
  /** Sums of the epoch under way. */
  readonly sums: { samples: number; loss: number; hits: number };
  /** Of all steps. */
  readonly multiplyAdds: MultiplyAdds;
}

/** What a trainer is made of; {@link buildTrainer} makes it of a configuration. */
export interface TrainerParts {
  readonly network: Network;
  readonly optimizer: Optimizer;
  readonly steering: Steering;
  readonly sampler: Sampler;
  readonly gradient: GradientPolicy;
  /** Takes the steps of a network that is held on a support; the gradient policy is then its own. */
  readonly support?: SupportSteps;
  readonly data: TrainingData;
  /** Numbers of the samples held back. */
  readonly validation: Int32Array;
  readonly model: ModelDescription;
  /** Stands for the weights wherever these are scored or saved as a model. */
  readonly average?: WeightAverage;
}

/**
 * A network in training: takes one step after another, and can be saved and restored between any two
 * steps, to the bit.
 */
export class Trainer {
  readonly network: Network;
  /** What the weights need besides themselves to predict. */
  readonly model: ModelDescription;
  readonly optimizer: Optimizer;
  readonly #steering: Steering;
  readonly #sampler: Sampler;
  readonly #gradient: GradientPolicy;
  readonly #support: SupportSteps | undefined;
  readonly #data: TrainingData;
  readonly #validation: Int32Array;
  readonly #work: WorkCounter;
  readonly #average: WeightAverage | undefined;
  #sums = new ScoreSum();
  /** Made once: a step makes no functions. */
  readonly #takeStep = (result: BatchResult): Soon<BatchResult> => this.#finishStep(result);

  readonly #steer = (): Soon<void> => {
    const steered = this.#steering.afterStep();
    return this.#average ? whenReady(steered, this.#takeAverage) : steered;
  };

  readonly #takeAverage = (): Soon<void> => this.#average?.afterStep();

  constructor(parts: TrainerParts) {
    this.network = parts.network;
    this.model = parts.model;
    this.optimizer = parts.optimizer;
    this.#steering = parts.steering;
    this.#sampler = parts.sampler;
    this.#gradient = parts.gradient;
    this.#support = parts.support;
    this.#data = parts.data;
    this.#validation = parts.validation;
    this.#work = new WorkCounter(parts.network);
    this.#average = parts.average;
  }

  /** Epochs completed. */
  get epoch(): number {
    return this.#sampler.epoch;
  }

  /** Samples of the epoch under way that have been trained on. */
  get samplesDone(): number {
    return this.#sums.samples;
  }

  get samplesPerEpoch(): number {
    return this.#sampler.samplesPerEpoch;
  }

  /** Whether every sample of the epoch under way has been trained on. */
  get isEpochDone(): boolean {
    return this.#sampler.isEpochDone;
  }

  /** λ of the first regularized group, 0 without one. */
  get lambda(): number {
    return this.#steering.lambda;
  }

  /** Of the first group. */
  get learningRate(): number {
    return this.#steering.learningRate;
  }

  /**
   * Trains on the next batch of the epoch; the last one may be smaller.
   *
   * @returns what the network made of the batch before the step
   * @throws {DivergenceError} the loss is not a finite number
   */
  step(): Soon<BatchResult> {
    const { count } = this.#sampler;
    this.#steering.beforeStep(this.#sampler.position);
    this.#sampler.load(this.network);
    const scope = this.#scope;
    this.#work.addStep(count, scope);
    const block = this.#gradient.block?.(this.optimizer.steps, blocksOf(count)) ?? 0;
    return whenReady(this.network.differentiate(scope, block), this.#takeStep);
  }

  /** Which gradients the next step takes. */
  get #scope(): GradientScope {
    return this.#gradient.scope(this.optimizer.steps);
  }

  #finishStep(result: BatchResult): Soon<BatchResult> {
    if (!Number.isFinite(result.loss)) {
      const what = `the loss is ${result.loss}`;
      throw new DivergenceError(this.optimizer.steps + 1, this.epoch + 1, what);
    }
    const moved = this.#move();
    this.#sums.add(result);
    this.#sampler.advance();
    const steered = moved instanceof Promise ? moved.then(this.#steer) : this.#steer();
    return steered instanceof Promise ? steered.then(() => result) : result;
  }

  #move(): Soon<void> {
    const scope = this.#scope;
    if (this.#support) return this.#support.step(scope);
    this.optimizer.step({ onSupport: scope === 'support' });
  }

  /** Ends the epoch: schedules and policies learn of it, and the next one begins. Returns its score. */
  async endEpoch(): Promise<Score> {
    const score = this.#sums.score(this.network.loss === 'cross-entropy');
    this.#sampler.moveTo(this.epoch + 1, 0);
    this.#sums = new ScoreSum();
    await this.#steering.afterEpoch(score.loss, this.epoch);
    return score;
  }

  /**
   * Score on the samples held back; undefined where there are none.
   *
   * @throws {DivergenceError} the loss is not a finite number
   */
  async validate(): Promise<Score | undefined> {
    const { train } = this.#data;
    if (this.#validation.length === 0 || isBatchSource(train)) return undefined;
    const score = await this.#score(train, this.#validation);
    if (Number.isFinite(score.loss)) return score;
    const what = `the validation loss is ${score.loss}`;
    throw new DivergenceError(this.optimizer.steps, this.epoch + 1, what);
  }

  /** Score on the test set; undefined where there is none. */
  async test(): Promise<Score | undefined> {
    const { test } = this.#data;
    return test && this.#score(test);
  }

  /** By the averages, where there are any. */
  #score(samples: Samples, order?: Int32Array): Promise<Score> {
    const score = () => scoreOn(this.network, samples, order);
    return this.#average ? this.#average.whileIn(score) : score();
  }

  density(): Promise<Density> {
    return densityOf(this.network);
  }

  /** Of the network as it is, and of the steps so far. */
  multiplyAdds(): Summary['multiplyAdds'] {
    return { inference: this.#work.inference(), training: this.#work.total };
  }

  /**
   * Makes sure that every parameter is a finite number, as a checkpoint has to be.
   *
   * @param weights the network's, as they are now
   * @throws {DivergenceError} names the first parameter that is not
   */
  checkFinite(weights: ReadonlyMap<string, Tensor>): void {
    for (const { name } of this.network.parameters) {
      if (weights.get(name)!.data.every(Number.isFinite)) continue;
      const what = `${name} is not finite`;
      throw new DivergenceError(this.optimizer.steps, this.epoch + 1, what);
    }
  }

  /** What a checkpoint saves, besides arrays. */
  state(): TrainerState {
    return {
      epoch: this.epoch,
      batch: this.#sampler.batch,
      steps: this.optimizer.steps,
      sums: this.#sums.state(),
      multiplyAdds: this.#work.total,
      ...this.#steering.state(),
    };
  }

  /** A copy of all parameters and running statistics by name. */
  weights(): Promise<Map<string, Tensor>> {
    return readWeights(this.network);
  }

  /** These weights with averages in their place; undefined where there are none. */
  averaged(weights: ReadonlyMap<string, Tensor>): ReadonlyMap<string, Tensor> | undefined {
    return this.#average?.inPlaceOf(weights);
  }

  /** A copy of what the optimizer remembers of each parameter, and of the averages, by name. */
  async optimizerState(): Promise<Map<string, Tensor>> {
    const own = [...(await this.optimizer.state())].map(([name, data]): [string, Tensor] => [
      name,
      { shape: [data.length], data: data.slice() },
    ]);
    return new Map([...own, ...(this.#average?.state() ?? [])]);
  }

  /**
   * Continues from a checkpoint of the same configuration.
   *
   * @throws {UserError} the checkpoint belongs to another network or optimizer, or to other data
   */
  async restore(state: TrainerState, tensors: ReadonlyMap<string, Tensor>): Promise<void> {
    if (!this.#steering.fits(state)) {
      throw new UserError(
        `checkpoint: it is of ${state.lambdas.length} parameter groups, the optimizer has ` +
          `${this.optimizer.groups.length}`,
      );
    }
    const { batchesPerEpoch } = this.#sampler;
    if (state.batch > batchesPerEpoch) {
      throw new UserError(
        `checkpoint: it is ${state.batch} batches into an epoch, which has ${batchesPerEpoch}; ` +
          'it is damaged, or of other data',
      );
    }
    writeWeights(this.network, tensors);
    const arrays = new Map([...tensors].map(([name, { data }]) => [name, data]));
    await this.optimizer.restore(arrays, state.steps);
    this.#average?.restore(tensors);
    this.#sampler.moveTo(state.epoch, state.batch);
    this.#sums = new ScoreSum();
    if (state.sums.samples > 0) this.#sums.add(state.sums);
    this.#work.total = state.multiplyAdds;
    this.#steering.restore(state);
  }
}
