import type { Network } from '../backend/index.js';
import type { Build } from '../engine/index.js';
import type { Tensor } from '../files/safetensors.js';
import type { ResumePoint } from './checkpoint.js';
import type { Config } from './config.js';
import type { Checkpoint, Ending, FitOptions } from './fit.js';
import type { EpochMetrics, Summary } from './metrics.js';
import type { ModelDescription } from './model-description.js';
import type { BackendOptions } from './open-backend.js';
import type { TrainingData } from './training-data.js';

/** What `train` trains on, what runs it, and who watches. */
export interface TrainOptions
  extends BackendOptions,
    Pick<FitOptions, 'observers' | 'signal' | 'stop'> {
  readonly data: TrainingData;
  /** By default as many as the machine runs at once. They have no influence on the result. */
  readonly threads?: number | undefined;
  /** Of the kernels; by default the fastest that the host can run. Results differ in the last bits. */
  readonly build?: Build | undefined;
  /** Called after every epoch; the training waits for a promise. */
  readonly onEpoch?: (metrics: EpochMetrics) => unknown;
  /** Where an earlier session of this run left off. */
  readonly resume?: ResumePoint | undefined;
}

/** A trained network; `close` ends its threads. */
export interface TrainResult {
  readonly config: Config;
  /** Answers at once, in a page on its main thread and with one thread. */
  readonly network: Network;
  /** Of the epochs of this session. */
  readonly metrics: readonly EpochMetrics[];
  readonly summary: Summary;
  readonly ending: Ending;
  /**
   * The parameters by PyTorch's names, averaged where the configuration says so, and what they need besides:
   * `encodeModel` takes both.
   */
  readonly weights: ReadonlyMap<string, Tensor>;
  readonly model: ModelDescription;
  /** The state at the end: `encodeCheckpoint` takes it, and a later session can go on from it. */
  readonly checkpoint: Checkpoint;
  close(): void;
}
