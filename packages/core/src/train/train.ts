import { Engine, hasWideVectors, thisMachine, whyNoWideVectors } from '../engine/index.js';
import { peakMemoryBytes } from '../engine/platform.js';
import type { Tensor } from '../files/safetensors.js';
import type { Network } from '../nn/index.js';
import { version } from '../version.js';
import { type Config, type ConfigInput, resolveConfig } from './config.js';
import { DamagedRunError } from './damaged-run-error.js';
import { type Ending, type FitOptions, fit, type Progress } from './fit.js';
import type { EpochMetrics, Summary, TrainingMachine } from './metrics.js';
import { Trainer } from './trainer.js';
import type { TrainingData } from './training-data.js';

export interface TrainOptions extends Pick<FitOptions, 'observers' | 'signal'> {
  readonly data: TrainingData;
  /** By default as many as the machine runs at once. They have no influence on the result. */
  readonly threads?: number;
  /** Called after every epoch. */
  readonly onEpoch?: (metrics: EpochMetrics) => void;
  /** Where an earlier session of this run left off. */
  readonly resume?: { readonly progress: Progress; readonly tensors: ReadonlyMap<string, Tensor> };
}

/** A trained network; `close` ends its threads. */
export interface TrainResult {
  readonly config: Config;
  readonly network: Network;
  /** Of the epochs of this session. */
  readonly metrics: readonly EpochMetrics[];
  readonly summary: Summary;
  readonly ending: Ending;
  /** The parameters by PyTorch's names: what `encodeSafetensors` takes. */
  readonly weights: ReadonlyMap<string, Tensor>;
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
  const { data, threads, onEpoch, observers = [], signal, resume } = options;
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
      onCheckpoint({ progress }: { progress: Progress }) {
        last = progress;
      },
    };
    let last = resume?.progress;
    const ending = await fit(trainer, config, {
      observers: [own, ...observers],
      ...(signal && { signal }),
      ...(last && { progress: last }),
    });
    const seconds = last?.seconds ?? 0;
    // Who pauses a run wants to go, and the end has not come.
    const test = ending === 'signal' ? undefined : trainer.test();
    const summary = {
      ...(test && { test }),
      ...summarize(trainer, config, engine, seconds),
      machine: await machineOf(engine),
    };
    const weights = trainer.weights();
    return { config, network: trainer.network, metrics, summary, ending, weights, close };
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
    throw new DamagedRunError((error as Error).message, { cause: error });
  }
}

async function machineOf(engine: Engine): Promise<TrainingMachine> {
  const isWide = hasWideVectors();
  return {
    ...(await thisMachine()),
    kernels: engine.build,
    wideVectors: isWide,
    ...(!isWide && { whyNarrow: whyNoWideVectors() ?? 'nobody asked for wide vectors' }),
  };
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
