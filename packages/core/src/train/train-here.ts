import {
  Engine,
  type EngineOptions,
  hasWideVectors,
  peakMemoryBytes,
  thisMachine,
} from '../engine/index.js';
import { version } from '../version.js';
import type { Config } from './config.js';
import { DamagedRunError } from './damaged-run-error.js';
import { fit, type Progress } from './fit.js';
import type { EpochMetrics, Summary } from './metrics.js';
import type { TrainOptions, TrainResult } from './options.js';
import { Trainer } from './trainer.js';

/** `train` on this thread, and on the engine's. */
export async function trainHere(
  config: Config,
  { data, onEpoch, observers = [], signal, resume }: Omit<TrainOptions, 'threads' | 'build'>,
  engineOptions: EngineOptions,
): Promise<TrainResult> {
  const engine = await Engine.create(engineOptions);
  const close = () => engine.close();
  try {
    const trainer = new Trainer(engine, config, data);
    if (resume) restore(trainer, resume);
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
      ...(last && { progress: last }),
    });
    // Who pauses a run wants to go, and the end has not come.
    const test = ending === 'signal' ? undefined : trainer.test();
    const summary: Summary = {
      ...(test && { test }),
      ...summarize(trainer, config, engine, last?.seconds ?? 0),
    };
    const weights = trainer.weights();
    return { config, network: trainer.network, metrics, summary, ending, weights, close };
  } catch (error) {
    close();
    throw error;
  }
}

function restore(trainer: Trainer, resume: NonNullable<TrainOptions['resume']>): void {
  try {
    trainer.restore(resume.progress.trainer, resume.tensors);
  } catch (error) {
    throw new DamagedRunError((error as Error).message, { cause: error });
  }
}

function summarize(
  trainer: Trainer,
  { seed }: Config,
  { build, threads, usedBytes, whyOneThread }: Engine,
  seconds: number,
): Omit<Summary, 'test'> {
  return {
    density: trainer.density(),
    multiplyAdds: trainer.multiplyAdds(),
    epochs: trainer.epoch,
    seconds,
    seed,
    threads,
    peakMemoryBytes: peakMemoryBytes() ?? usedBytes,
    version,
    machine: {
      ...thisMachine(),
      kernels: build,
      wideVectors: hasWideVectors(),
      ...(whyOneThread && { whyOneThread }),
    },
  };
}
