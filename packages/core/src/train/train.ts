import { Engine, hasWideVectors, thisMachine } from '../engine/index.js';
import { peakMemoryBytes } from '../engine/platform.js';
import { UserError } from '../files/errors.js';
import type { Tensor } from '../files/safetensors.js';
import type { Network } from '../nn/index.js';
import { version } from '../version.js';
import type { ResumePoint } from './checkpoint.js';
import { type Config, type ConfigInput, resolveConfig } from './config.js';
import { DamagedRunError } from './damaged-run-error.js';
import { type Checkpoint, type Ending, type FitOptions, fit } from './fit.js';
import type { EpochMetrics, Summary } from './metrics.js';
import type { ModelDescription } from './model-description.js';
import { Trainer } from './trainer.js';
import type { TrainingData } from './training-data.js';

export interface TrainOptions extends Pick<FitOptions, 'observers' | 'signal' | 'stop'> {
  readonly data: TrainingData;
  /** By default as many as the machine runs at once. They have no influence on the result. */
  readonly threads?: number;
  /** Called after every epoch. */
  readonly onEpoch?: (metrics: EpochMetrics) => void;
  /** Where an earlier session of this run left off. */
  readonly resume?: ResumePoint;
}

/** A trained network; `close` ends its threads. */
export interface TrainResult {
  readonly config: Config;
  readonly network: Network;
  /** Of the epochs of this session. */
  readonly metrics: readonly EpochMetrics[];
  readonly summary: Summary;
  readonly ending: Ending;
  /** The parameters by PyTorch's names, and what they need besides: `encodeModel` takes both. */
  readonly weights: ReadonlyMap<string, Tensor>;
  readonly model: ModelDescription;
  /** The state at the end: `encodeCheckpoint` takes it, and a later session can go on from it. */
  readonly checkpoint: Checkpoint;
  close(): void;
}

/**
 * Trains a network as a configuration says, from its sparse start or from where it was paused.
 *
 * @throws {UserError} a wrong configuration, or data that do not fit it
 * @throws {DamagedRunError} the state to resume from does not fit the configuration
 * @throws {DivergenceError} the loss or a weight became infinite or NaN
 */
export async function train(input: ConfigInput, options: TrainOptions): Promise<TrainResult> {
  const config = resolveConfig(input);
  const { data, threads, onEpoch, observers = [], signal, stop, resume } = options;
  const engine = await Engine.create(threads === undefined ? {} : { threads });
  try {
    const trainer = new Trainer(engine, config, data);
    if (resume) restore(trainer, resume);
    const metrics: EpochMetrics[] = [];
    const own = {
      onEpoch(each: EpochMetrics) {
        metrics.push(each);
        onEpoch?.(each);
      },
      onCheckpoint(each: Checkpoint) {
        checkpoint = each;
      },
    };
    // `fit` makes one before it returns.
    let checkpoint!: Checkpoint;
    const ending = await fit(trainer, config, {
      observers: [own, ...observers],
      ...(signal && { signal }),
      ...(stop && { stop }),
      ...(resume && { progress: resume.progress }),
    });
    const { progress, model, weights } = checkpoint;
    // Who pauses a run wants to go, and the end has not come.
    const test = ending === 'signal' ? undefined : trainer.test();
    const machine = {
      ...(await thisMachine()),
      ...{ kernels: engine.build, wideVectors: hasWideVectors() },
    };
    const summary = {
      ...(test && { test }),
      ...summarize(trainer, config, engine, progress.seconds),
      machine,
    };
    const { network } = trainer;
    return { config, network, metrics, summary, ending, weights, model, checkpoint, close };
  } catch (error) {
    close();
    throw error;
  }

  function close() {
    engine.close();
  }
}

function restore(trainer: Trainer, resume: NonNullable<TrainOptions['resume']>): void {
  try {
    trainer.restore(resume.progress.trainer, resume.tensors);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new DamagedRunError(error.message, { cause: error });
  }
}

function summarize(
  trainer: Trainer,
  { seed }: Config,
  engine: Engine,
  seconds: number,
): Omit<Summary, 'test' | 'machine'> {
  return {
    density: trainer.density(),
    multiplyAdds: trainer.multiplyAdds(),
    epochs: trainer.epoch,
    seconds,
    seed,
    threads: engine.threads,
    peakMemoryBytes: peakMemoryBytes() ?? engine.usedBytes,
    version,
  };
}
