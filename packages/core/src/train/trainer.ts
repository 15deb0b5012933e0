import { augment } from '../data/augment.js';
import { isBatchSource, takeBatch } from '../data/batches.js';
import type { Samples } from '../data/samples.js';
import { shuffled, split } from '../data/split.js';
import { type Engine, LANES } from '../engine/index.js';
import { UserError } from '../files/errors.js';
import type { Tensor } from '../files/safetensors.js';
import { sizeOf, stream } from '../math/index.js';
import {
  type BatchResult,
  type GradientScope,
  inferenceMultiplyAdds,
  initialize,
  type MultiplyAdds,
  type Network,
  type Parameter,
  stepMultiplyAdds,
  type WeightWork,
  weightWork,
} from '../nn/index.js';
import {
  type LambdaPolicy,
  Optimizer,
  type ParameterGroup,
  type Schedule,
} from '../optim/index.js';
import { ConfigError } from '../schema/config-error.js';
import { build } from '../schema/validate.js';
import {
  buildGroups,
  buildLambdaPolicy,
  buildNetwork,
  buildSchedule,
  checkLambdaPolicy,
  isRegularized,
  outputsOf,
  startOf,
} from './build.js';
import type { Config } from './config.js';
import { densityOf } from './density.js';
import { type Density, type Score, ScoreSum, type Summary } from './metrics.js';
import { describeModel, type ModelDescription } from './model-description.js';
import { loadBatch, loadTargets, scoreOf } from './score.js';
import type { TrainingData } from './training-data.js';
import { readWeights, writeWeights } from './weights.js';

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

/** All that a run has to remember besides the arrays of network and optimizer. */
export interface TrainerState {
  /** Epochs completed, and steps taken in the one that is under way. */
  readonly epoch: number;
  readonly batch: number;
  readonly steps: number;
  /** Sums of the epoch under way. */
  readonly sums: { samples: number; loss: number; hits: number };
  /** Of all steps. */
  readonly multiplyAdds: MultiplyAdds;
  /** Per group. */
  readonly lambdas: readonly number[];
  readonly schedules: readonly unknown[];
  readonly policies: readonly unknown[];
}

/** A parameter group with what steers it. */
interface SteeredGroup {
  readonly group: ParameterGroup;
  readonly schedule: Schedule;
  /** Only regularized groups have one. */
  readonly policy?: LambdaPolicy;
}

/**
 * A network in training: takes one step after another, knows where in the epoch it is, and can be
 * saved and restored between any two steps, to the bit.
 */
export class Trainer {
  readonly network: Network;
  /** What the weights need besides themselves to predict. */
  readonly model: ModelDescription;
  readonly optimizer: Optimizer;
  readonly #config: Config;
  readonly #data: TrainingData;
  readonly #train: Int32Array;
  readonly #validation: Int32Array;
  readonly #groups: readonly SteeredGroup[];
  readonly #work: readonly WeightWork[];
  readonly #parameters: ReadonlyMap<string, Parameter>;
  /** Room for the augmented images of a batch, and their numbers in it. */
  #augmented?: Samples['inputs'];
  readonly #places: Int32Array;
  #epoch = 0;
  #batch = 0;
  #order: Int32Array;
  #sums = new ScoreSum();
  #multiplyAdds: MultiplyAdds = { used: 0, dense: 0 };
  readonly #nonZeros = (name: string): number => this.network.nonZeros(this.#parameters.get(name)!);

  /**
   * Builds the network and draws its start.
   *
   * @throws {ConfigError} configuration and data do not fit one another
   */
  constructor(engine: Engine, config: Config, data: TrainingData) {
    checkData(config, data);
    this.model = describeModel(config, data);
    this.#config = config;
    this.#data = data;
    const { train, validation } = build('validation', () =>
      split(data.train, config.validation, config.seed),
    );
    if (config.batchSize > train.length) {
      throw new ConfigError(
        `batchSize: ${config.batchSize} is more than the ${train.length} samples to train on`,
      );
    }
    this.#train = train;
    this.#places = Int32Array.from({ length: config.batchSize }, (_, i) => i);
    this.#validation = validation;
    // Augmented images are made anew for each batch.
    const hold = !config.augment && !data.augment;
    this.network = buildNetwork(engine, config, data, { hold });
    this.#work = weightWork(this.network.description);
    this.#parameters = new Map(this.network.parameters.map((each) => [each.name, each]));
    initialize(this.network, config.seed, (parameter) => startOf(config, parameter));
    this.optimizer = new Optimizer(this.network, buildGroups(config, this.network));
    checkLambdaPolicy(config, this.optimizer.groups);
    build('optimizer', () => this.optimizer.start());
    this.#groups = this.optimizer.groups.map((group) => ({
      group,
      schedule: buildSchedule(config, group.hyper.learningRate),
      ...(isRegularized(group) && { policy: buildLambdaPolicy(config) }),
    }));
    this.#order = this.#orderOf(0);
  }

  /** Epochs completed. */
  get epoch(): number {
    return this.#epoch;
  }

  /** Samples of the epoch under way that have been trained on. */
  get samplesDone(): number {
    return this.#sums.samples;
  }

  get samplesPerEpoch(): number {
    return this.#train.length;
  }

  /** Whether every sample of the epoch under way has been trained on. */
  get isEpochDone(): boolean {
    return this.#batch * this.#config.batchSize >= this.#train.length;
  }

  /** λ of the first regularized group, 0 without one. */
  get lambda(): number {
    return this.#groups.find(({ policy }) => policy)?.group.hyper.lambda ?? 0;
  }

  /** Of the first group. */
  get learningRate(): number {
    return this.#groups[0].group.hyper.learningRate;
  }

  /**
   * Trains on the next batch of the epoch; the last one may be smaller.
   *
   * @returns what the network made of the batch before the step
   * @throws {DivergenceError} the loss is not a finite number
   */
  step(): BatchResult {
    const { batchSize } = this.#config;
    const from = this.#batch * batchSize;
    const count = Math.min(batchSize, this.#train.length - from);
    this.#setLearningRates(this.#epoch + from / this.#train.length);
    this.#loadTraining(from, count);
    const scope = this.#scope();
    this.#countStep(count, scope);
    const result = this.network.differentiate(scope, this.#sampledBlock(scope, count));
    if (!Number.isFinite(result.loss)) {
      const what = `the loss is ${result.loss}`;
      throw new DivergenceError(this.optimizer.steps + 1, this.#epoch + 1, what);
    }
    this.optimizer.step({ onSupport: scope === 'support' });
    this.#sums.add(result);
    this.#batch++;
    for (const { group, policy } of this.#groups) {
      const isDue = this.optimizer.steps % (policy?.everySteps ?? 1) === 0;
      if (isDue) policy?.afterStep?.(group.view());
    }
    return result;
  }

  #countStep(samples: number, scope: GradientScope): void {
    const { used, dense } = stepMultiplyAdds(this.#work, this.#nonZeros, samples, scope);
    const before = this.#multiplyAdds;
    this.#multiplyAdds = { used: before.used + used, dense: before.dense + dense };
  }

  /** Which gradients the next step takes, by the gradient policy. */
  #scope(): GradientScope {
    const { gradient } = this.#config;
    if (gradient.kind === 'sampled') return 'sampled';
    const isExact = gradient.kind === 'exact' || this.optimizer.steps % gradient.period === 0;
    return isExact ? 'all' : 'support';
  }

  /** Drawn anew each step, from a stream of its own, so that a resumed run draws the same. */
  #sampledBlock(scope: GradientScope, samples: number): number {
    if (scope !== 'sampled') return 0;
    const random = stream(this.#config.seed, 'sampled block', this.optimizer.steps);
    return random.below(Math.ceil(samples / LANES));
  }

  /** Ends the epoch: schedules and policies learn of it, and the next one begins. Returns its score. */
  endEpoch(): Score {
    const score = this.#sums.score(this.network.loss === 'cross-entropy');
    this.#epoch++;
    for (const { group, schedule, policy } of this.#groups) {
      schedule.observe?.(score.loss);
      policy?.afterEpoch?.(group.view(), this.#epoch);
    }
    this.#batch = 0;
    this.#sums = new ScoreSum();
    this.#order = this.#orderOf(this.#epoch);
    return score;
  }

  /**
   * Score on the samples held back; undefined where there are none.
   *
   * @throws {DivergenceError} the loss is not a finite number
   */
  validate(): Score | undefined {
    const { train } = this.#data;
    if (this.#validation.length === 0 || isBatchSource(train)) return undefined;
    const score = scoreOf(this.network, train, this.#validation);
    if (Number.isFinite(score.loss)) return score;
    const what = `the validation loss is ${score.loss}`;
    throw new DivergenceError(this.optimizer.steps, this.#epoch + 1, what);
  }

  /** Score on the test set; undefined where there is none. */
  test(): Score | undefined {
    const { test } = this.#data;
    return test && scoreOf(this.network, test, everySample(test));
  }

  density(): Density {
    return densityOf(this.network);
  }

  /** Of the network as it is, and of the steps so far. */
  multiplyAdds(): Summary['multiplyAdds'] {
    return {
      inference: inferenceMultiplyAdds(this.#work, this.#nonZeros),
      training: this.#multiplyAdds,
    };
  }

  /**
   * Makes sure that every parameter is a finite number, as a checkpoint has to be.
   *
   * @throws {DivergenceError} names the first parameter that is not
   */
  checkFinite(): void {
    const bad = this.network.parameters.find(
      (parameter) => !this.network.read(parameter).every(Number.isFinite),
    );
    if (!bad) return;
    throw new DivergenceError(this.optimizer.steps, this.#epoch + 1, `${bad.name} is not finite`);
  }

  /** What a checkpoint saves, besides `arrays`. */
  state(): TrainerState {
    return {
      epoch: this.#epoch,
      batch: this.#batch,
      steps: this.optimizer.steps,
      sums: this.#sums.state(),
      multiplyAdds: this.#multiplyAdds,
      lambdas: this.#groups.map(({ group }) => group.hyper.lambda),
      schedules: this.#groups.map(({ schedule }) => schedule.state()),
      policies: this.#groups.map(({ policy }) => policy?.state() ?? null),
    };
  }

  /** A copy of all parameters and running statistics by name. */
  weights(): Map<string, Tensor> {
    return readWeights(this.network);
  }

  /** A copy of what the optimizer remembers of each parameter, by name. */
  optimizerState(): Map<string, Tensor> {
    return new Map(
      [...this.optimizer.state()].map(([name, data]) => [
        name,
        { shape: [data.length], data: data.slice() },
      ]),
    );
  }

  /**
   * Continues from a checkpoint of the same configuration.
   *
   * @throws {UserError} the checkpoint belongs to another network or optimizer
   */
  restore(state: TrainerState, tensors: ReadonlyMap<string, Tensor>): void {
    const counts = [state.lambdas, state.schedules, state.policies].map(({ length }) => length);
    if (counts.some((count) => count !== this.#groups.length)) {
      throw new UserError(
        `checkpoint: it is of ${counts[0]} parameter groups, the optimizer has ${this.#groups.length}`,
      );
    }
    writeWeights(this.network, tensors);
    const arrays = new Map([...tensors].map(([name, { data }]) => [name, data]));
    this.optimizer.restore(arrays, state.steps);
    this.#epoch = state.epoch;
    this.#batch = state.batch;
    this.#sums = new ScoreSum();
    if (state.sums.samples > 0) this.#sums.add(state.sums);
    this.#multiplyAdds = state.multiplyAdds;
    this.#order = this.#orderOf(state.epoch);
    for (const [i, { group, schedule, policy }] of this.#groups.entries()) {
      group.hyper.lambda = state.lambdas[i];
      schedule.restore(state.schedules[i]);
      policy?.restore(state.policies[i]);
    }
  }

  #setLearningRates(epoch: number): void {
    for (const { group, schedule } of this.#groups) {
      group.hyper.learningRate = schedule.learningRate(epoch);
    }
  }

  /** The samples to train on in the order of an epoch. */
  #orderOf(epoch: number): Int32Array {
    return shuffled(this.#train.length, this.#config.seed, epoch).map((i) => this.#train[i]);
  }

  /** A batch of the epoch's order, augmented where that is asked for, or one that is made. */
  #loadTraining(from: number, count: number): void {
    const { train, augment: own } = this.#data;
    if (isBatchSource(train)) {
      const random = stream(this.#config.seed, 'batch', this.#epoch, this.#batch);
      const place = { epoch: this.#epoch, batch: this.#batch, count, random };
      loadBatch(this.network, takeBatch(train, place), this.#places, 0, count);
    } else if (this.#config.augment || own) {
      this.network.loadInputs(this.#augment(train, from, count), this.#places, 0, count);
      loadTargets(this.network, train.targets, this.#order, from);
    } else {
      loadBatch(this.network, train, this.#order, from, count);
    }
  }

  /** Changed copies of a batch's inputs. */
  #augment({ inputs, shape }: Samples, from: number, count: number): Samples['inputs'] {
    const { augment: augmentation, seed, batchSize } = this.#config;
    const size = sizeOf(shape);
    this.#augmented ??= inputs.slice(0, batchSize * size);
    const to = this.#augmented;
    if (augmentation) {
      const random = stream(seed, 'augment', this.#epoch, this.#batch);
      augment(inputs, shape, this.#order, from, count, augmentation, random, to);
    } else {
      for (let i = 0; i < count; i++) {
        const sample = this.#order[from + i];
        to.set(inputs.subarray(sample * size, (sample + 1) * size), i * size);
      }
    }
    const { augment: own } = this.#data;
    if (!own) return to;
    const random = stream(seed, 'own augmentation', this.#epoch, this.#batch);
    for (let i = 0; i < count; i++) own(to.subarray(i * size, (i + 1) * size), random);
    return to;
  }
}

function everySample({ count }: Samples): Int32Array {
  return Int32Array.from({ length: count }, (_, i) => i);
}

function checkData(config: Config, { train, test, augment: own }: TrainingData): void {
  const { loss, augment, validation } = config;
  const { kind } = train.targets;
  if (isBatchSource(train)) {
    const problem = (key: string, advice: string) =>
      new ConfigError(`${key}: it needs samples in arrays, not made batch by batch; ${advice}`);
    if (validation > 0) throw problem('validation', 'set it to 0');
    if (augment || own) throw problem('augment', 'change the samples where they are made');
  }
  if ((loss === 'cross-entropy') !== (kind === 'classes')) {
    throw new ConfigError(`loss: ${loss} does not go with targets that are ${kind}`);
  }
  const answers = train.targets.kind === 'values' && String(train.targets.shape);
  if (augment && answers === String(train.shape)) {
    throw new ConfigError('augment: it moves the inputs, and not the images that are the targets');
  }
  if (!test) return;
  if (String(test.shape) !== String(train.shape)) {
    throw new UserError(`test samples are [${test.shape}], training samples [${train.shape}]`);
  }
  if (outputsOf(test) > outputsOf(train)) {
    throw new UserError(
      `test targets have ${outputsOf(test)} classes, training targets ${outputsOf(train)}`,
    );
  }
}
