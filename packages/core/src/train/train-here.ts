import { type Backend, WasmBackend } from '../backend/index.js';
import {
  type EngineOptions,
  hasWideVectors,
  peakMemoryBytes,
  thisMachine,
  whyNoKernels,
  whyNoWideVectors,
} from '../engine/index.js';
import { UserError } from '../files/errors.js';
import { version } from '../version.js';
import { buildTrainer } from './build-trainer.js';
import type { Config } from './config.js';
import { DamagedRunError } from './damaged-run-error.js';
import { fit } from './fit.js';
import type { EpochMetrics, Summary, TrainingMachine } from './metrics.js';
import { type BackendOptions, openBackend } from './open-backend.js';
import type { TrainOptions, TrainResult } from './options.js';
import type { Trainer } from './trainer.js';
import { writeWeights } from './weights.js';

/** `train` on this thread, and on the engine's. */
export async function trainHere(
  config: Config,
  options: Omit<TrainOptions, 'threads' | 'build'>,
  backendOptions: BackendOptions & EngineOptions,
): Promise<TrainResult> {
  const { backend, close } = await openBackend(backendOptions);
  try {
    const trainer = await buildTrainer(backend, config, options.data);
    if (options.resume) await restore(trainer, options.resume);
    const { ending, metrics, checkpoint } = await fitRecorded(trainer, config, options);
    const { progress, model, averaged } = checkpoint;
    // Who pauses a run wants to go, and the end has not come.
    const test = ending === 'signal' ? undefined : await trainer.test();
    const rest = await summarize(trainer, config, backend, progress.seconds);
    const summary: Summary = test ? { test, ...rest } : rest;
    const { network } = trainer;
    if (averaged) writeWeights(network, averaged);
    const weights = averaged ?? checkpoint.weights;
    return { config, network, metrics, summary, ending, weights, model, checkpoint, close };
  } catch (error) {
    close();
    throw error;
  }
}

/** Trains, and keeps the metrics of all epochs. */
async function fitRecorded(
  trainer: Trainer,
  config: Config,
  { onEpoch, observers = [], signal, stop, resume }: Omit<TrainOptions, 'threads' | 'build'>,
): Promise<Pick<TrainResult, 'ending' | 'metrics' | 'checkpoint'>> {
  const metrics: EpochMetrics[] = [];
  const own = {
    async onEpoch(each: EpochMetrics) {
      metrics.push(each);
      await onEpoch?.(each);
    },
  };
  const { ending, checkpoint } = await fit(trainer, config, {
    observers: [own, ...observers],
    signal,
    stop,
    progress: resume?.progress,
  });
  return { ending, metrics, checkpoint };
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
  backend: Backend,
  seconds: number,
): Promise<Omit<Summary, 'test'>> {
  const usedBytes = backend instanceof WasmBackend ? backend.engine.usedBytes : 0;
  return {
    density: await trainer.density(),
    multiplyAdds: trainer.multiplyAdds(),
    epochs: trainer.epoch,
    seconds,
    seed,
    threads: backend.threads,
    peakMemoryBytes: peakMemoryBytes() ?? usedBytes,
    version,
    machine: machineOf(backend),
  };
}

function machineOf(backend: Backend): TrainingMachine {
  if (!(backend instanceof WasmBackend)) {
    const whyPlain = whyNoKernels();
    return { ...thisMachine(), kernels: backend.name, ...(whyPlain && { whyPlain }) };
  }
  const { build, whyOneThread } = backend.engine;
  const wideVectors = hasWideVectors();
  return {
    ...thisMachine(),
    kernels: build,
    wideVectors,
    ...(!wideVectors && { whyNarrow: whyNoWideVectors() ?? 'nobody asked for wide vectors' }),
    ...(whyOneThread && { whyOneThread }),
  };
}
