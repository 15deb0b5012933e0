import { WasmBackend } from '../backend/index.js';
import {
  type EngineOptions,
  hasWideVectors,
  peakMemoryBytes,
  thisMachine,
  whyNoWideVectors,
} from '../engine/index.js';
import { UserError } from '../files/errors.js';
import { version } from '../version.js';
import { buildTrainer } from './build-trainer.js';
import type { Config } from './config.js';
import { DamagedRunError } from './damaged-run-error.js';
import { fit, type Progress } from './fit.js';
import type { EpochMetrics, Summary, TrainingMachine } from './metrics.js';
import type { TrainOptions, TrainResult } from './options.js';
import type { Trainer } from './trainer.js';

/** `train` on this thread, and on the engine's. */
export async function trainHere(
  config: Config,
  { data, onEpoch, observers = [], signal, stop, resume }: Omit<TrainOptions, 'threads' | 'build'>,
  engineOptions: EngineOptions,
): Promise<TrainResult> {
  const backend = await WasmBackend.create(engineOptions);
  const close = () => backend.close();
  try {
    const trainer = await buildTrainer(backend, config, data);
    if (resume) await restore(trainer, resume);
    const metrics: EpochMetrics[] = [];
    let last = resume?.progress;
    const own = {
      onEpoch(each: EpochMetrics) {
        metrics.push(each);
        onEpoch?.(each);
      },
      onCheckpoint({ progress }: { progress: Progress }) {
        last = progress;
      },
    };
    const ending = await fit(trainer, config, {
      observers: [own, ...observers],
      ...(signal && { signal }),
      ...(stop && { stop }),
      ...(last && { progress: last }),
    });
    // Who pauses a run wants to go, and the end has not come.
    const test = ending === 'signal' ? undefined : await trainer.test();
    const summary: Summary = {
      ...(test && { test }),
      ...(await summarize(trainer, config, backend, last?.seconds ?? 0)),
    };
    const weights = await trainer.weights();
    return { config, network: trainer.network, metrics, summary, ending, weights, close };
  } catch (error) {
    close();
    throw error;
  }
}

async function restore(
  trainer: Trainer,
  resume: NonNullable<TrainOptions['resume']>,
): Promise<void> {
  try {
    await trainer.restore(resume.progress.trainer, resume.tensors);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new DamagedRunError(error.message, { cause: error });
  }
}

async function summarize(
  trainer: Trainer,
  { seed }: Config,
  backend: WasmBackend,
  seconds: number,
): Promise<Omit<Summary, 'test'>> {
  const { threads, usedBytes } = backend.engine;
  return {
    density: await trainer.density(),
    multiplyAdds: trainer.multiplyAdds(),
    epochs: trainer.epoch,
    seconds,
    seed,
    threads,
    peakMemoryBytes: peakMemoryBytes() ?? usedBytes,
    version,
    machine: machineOf(backend),
  };
}

function machineOf({ engine: { build, whyOneThread } }: WasmBackend): TrainingMachine {
  const wideVectors = hasWideVectors();
  return {
    ...thisMachine(),
    kernels: build,
    wideVectors,
    ...(!wideVectors && { whyNarrow: whyNoWideVectors() ?? 'nobody asked for wide vectors' }),
    ...(whyOneThread && { whyOneThread }),
  };
}
