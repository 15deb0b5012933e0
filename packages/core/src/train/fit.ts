import { host } from '#host';
import type { BatchResult } from '../backend/index.js';
import type { Tensor } from '../files/safetensors.js';
import type { Config } from './config.js';
import { totalDensity } from './density.js';
import type { EpochMetrics, Score } from './metrics.js';
import type { ModelDescription } from './model-description.js';
import type { Trainer, TrainerState } from './trainer.js';

/** A step that was taken, and where in an epoch the training is. */
export interface StepProgress {
  /** From 1, over all epochs. */
  readonly step: number;
  /** Mean over the samples of the step's batch, as they were before it. */
  readonly loss: number;
  /** λ of the first regularized group, and non-zero weights / weights, both after the step. */
  readonly lambda: number;
  readonly density: number;
  /** From 1. */
  readonly epoch: number;
  readonly epochs: number;
  /** Of the epoch, trained on so far. */
  readonly samples: number;
  readonly samplesPerEpoch: number;
}

/** A run between two steps: enough to continue to the same bits. */
export interface Checkpoint {
  readonly progress: Progress;
  /** What the weights need besides themselves to predict. */
  readonly model: ModelDescription;
  readonly weights: ReadonlyMap<string, Tensor>;
  /** Where weights are averaged: those that are scored, and are the model. */
  readonly averaged?: ReadonlyMap<string, Tensor>;
  readonly optimizer: ReadonlyMap<string, Tensor>;
  /** The model's weights of the best epoch, where it is another one than at the checkpoint before. */
  readonly best?: ReadonlyMap<string, Tensor>;
}

/** What a checkpoint remembers besides arrays. */
export interface Progress {
  readonly trainer: TrainerState;
  /** The best epoch so far. */
  readonly best: { readonly epoch: number; readonly score: Score } | null;
  /** Spent on training and validation so far, and of these on the epoch under way. */
  readonly seconds: number;
  readonly epochSeconds: number;
}

/** Someone who watches a run. The loop waits for promises. */
export interface Observer {
  /** After every step: must be quick. */
  onStep?(progress: StepProgress): void;
  onEpoch?(metrics: EpochMetrics): void | Promise<void>;
  /** Now and then, and whenever the run ends or pauses. */
  onCheckpoint?(checkpoint: Checkpoint): void | Promise<void>;
}

/**
 * Why a run came to its end: its epochs are over; no epoch was better for a while; it was stopped, and
 * is complete; or a signal paused it, and it waits to be resumed.
 */
export type Ending = 'epochs' | 'early-stop' | 'stopped' | 'signal';

/** Who watches a training, what ends it early, and where it begins. */
export interface FitOptions {
  readonly observers?: readonly Observer[];
  /** Pauses the run after the step under way, with a checkpoint to resume from. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Ends the run after the step under way, as if its epochs were over: with a checkpoint, scores and a
   * summary. The epoch under way gets no metrics.
   */
  readonly stop?: AbortSignal | undefined;
  /** Where an earlier session left off; the trainer has been restored to it. */
  readonly progress?: Progress | undefined;
}

/** At the end of an epoch, if the last checkpoint is so old. Writing one costs about 0.05 s. */
const EPOCH_CHECKPOINT_MS = 5_000;
/** Within an epoch. */
const STEP_CHECKPOINT_MS = 60_000;
/** How long the loop may keep the event loop from others. */
const YIELD_MS = 40;

/** How a session of training ended, and its last checkpoint. */
export interface FitResult {
  readonly ending: Ending;
  readonly checkpoint: Checkpoint;
}

/**
 * Trains until the configured number of epochs, an early stop, or the signal. Checkpoints are as large as all
 * that the optimizer keeps, so none is held longer than its observers take.
 *
 * @throws {DivergenceError} the loss or a weight became infinite or NaN; checkpoints stay as they were
 */
export async function fit(
  trainer: Trainer,
  config: Config,
  options: FitOptions = {},
): Promise<FitResult> {
  return new Fit(trainer, config, options).run();
}

class Fit {
  readonly #trainer: Trainer;
  readonly #config: Config;
  readonly #observers: readonly Observer[];
  readonly #stepObservers: readonly Observer[];
  readonly #signal: AbortSignal | undefined;
  readonly #stop: AbortSignal | undefined;
  #best: Progress['best'];
  #bestWeights: ReadonlyMap<string, Tensor> | undefined;
  /** Of the epochs and sessions before. */
  #seconds: number;
  #epochSeconds: number;
  #checkpointAt = performance.now();

  constructor(trainer: Trainer, config: Config, options: FitOptions) {
    const { observers = [], signal, stop, progress } = options;
    this.#trainer = trainer;
    this.#config = config;
    this.#observers = observers;
    this.#stepObservers = observers.filter(({ onStep }) => onStep);
    this.#signal = signal;
    this.#stop = stop;
    this.#best = progress?.best ?? null;
    this.#seconds = progress?.seconds ?? 0;
    this.#epochSeconds = progress?.epochSeconds ?? 0;
  }

  async run(): Promise<FitResult> {
    const { epochs } = this.#config;
    while (this.#trainer.epoch < epochs && !this.#isOverdue()) {
      const halt = await this.#trainEpoch();
      if (halt) return { ending: halt, checkpoint: await this.#checkpoint() };
      await this.#finishEpoch();
    }
    const ending = this.#trainer.epoch < epochs ? 'early-stop' : 'epochs';
    return { ending, checkpoint: await this.#checkpoint() };
  }

  /** Steps to the end of the epoch, or until a signal; says which. */
  async #trainEpoch(): Promise<Extract<Ending, 'stopped' | 'signal'> | undefined> {
    const trainer = this.#trainer;
    let started = performance.now();
    let yielded = started;
    while (!trainer.isEpochDone) {
      if (this.#signal?.aborted || this.#stop?.aborted) {
        this.#addTime(started);
        return this.#stop?.aborted ? 'stopped' : 'signal';
      }
      const result = trainer.step();
      this.#notifyStep(result instanceof Promise ? await result : result);
      const now = performance.now();
      if (now - yielded < YIELD_MS) continue;
      if (now - this.#checkpointAt > STEP_CHECKPOINT_MS && !trainer.isEpochDone) {
        this.#addTime(started);
        await this.#checkpoint();
        started = performance.now();
      }
      await host.pause();
      yielded = performance.now();
    }
    this.#addTime(started);
    return undefined;
  }

  async #finishEpoch(): Promise<void> {
    const trainer = this.#trainer;
    const { samplesPerEpoch, lambda, learningRate } = trainer;
    const trainingSeconds = this.#epochSeconds;
    const weights = await trainer.weights();
    trainer.checkFinite(weights);
    const started = performance.now();
    const validation = await trainer.validate();
    this.#addTime(started);
    // Before λ moves on.
    const regularizer = finiteOrNull(await trainer.optimizer.value());
    const metrics: EpochMetrics = {
      epoch: trainer.epoch + 1,
      train: await trainer.endEpoch(),
      ...(validation && { validation }),
      density: await trainer.density(),
      regularizer,
      lambda,
      learningRate,
      seconds: this.#epochSeconds,
      samplesPerSecond: samplesPerEpoch / trainingSeconds,
    };
    this.#epochSeconds = 0;
    this.#rememberBest(metrics, weights);
    for (const observer of this.#observers) await observer.onEpoch?.(metrics);
    const age = performance.now() - this.#checkpointAt;
    if (trainer.epoch === 1 || age > EPOCH_CHECKPOINT_MS) await this.#checkpoint();
  }

  #addTime(started: number): void {
    const seconds = (performance.now() - started) / 1000;
    this.#seconds += seconds;
    this.#epochSeconds += seconds;
  }

  #notifyStep({ loss, samples }: BatchResult): void {
    if (this.#stepObservers.length === 0) return;
    const { epoch, samplesDone, samplesPerEpoch, optimizer, lambda, network } = this.#trainer;
    const progress: StepProgress = {
      step: optimizer.steps,
      loss: loss / samples,
      lambda,
      density: totalDensity(network),
      epoch: epoch + 1,
      epochs: this.#config.epochs,
      samples: samplesDone,
      samplesPerEpoch,
    };
    for (const observer of this.#stepObservers) observer.onStep?.(progress);
  }

  #rememberBest(
    { epoch, train, validation }: EpochMetrics,
    weights: ReadonlyMap<string, Tensor>,
  ): void {
    const score = validation ?? train;
    if (this.#best && !isBetter(score, this.#best.score)) return;
    this.#best = { epoch, score };
    this.#bestWeights = this.#trainer.averaged(weights) ?? weights;
  }

  #isOverdue(): boolean {
    const { earlyStop } = this.#config;
    if (!earlyStop || !this.#best) return false;
    return this.#trainer.epoch - this.#best.epoch >= earlyStop.patience;
  }

  async #checkpoint(): Promise<Checkpoint> {
    const best = this.#bestWeights;
    const weights = await this.#trainer.weights();
    this.#trainer.checkFinite(weights);
    const averaged = this.#trainer.averaged(weights);
    const checkpoint: Checkpoint = {
      progress: {
        trainer: this.#trainer.state(),
        best: this.#best,
        seconds: this.#seconds,
        epochSeconds: this.#epochSeconds,
      },
      model: this.#trainer.model,
      weights,
      ...(averaged && { averaged }),
      optimizer: await this.#trainer.optimizerState(),
      ...(best && { best }),
    };
    for (const observer of this.#observers) await observer.onCheckpoint?.(checkpoint);
    this.#bestWeights = undefined;
    this.#checkpointAt = performance.now();
    return checkpoint;
  }
}

/** JSON knows no other numbers. */
function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

/** Higher accuracy, where there is one, else lower loss. */
function isBetter(score: Score, than: Score): boolean {
  if (score.accuracy === undefined || than.accuracy === undefined) return score.loss < than.loss;
  return score.accuracy > than.accuracy;
}
