/** From a configuration to a trained network. */
export { ConfigError } from '../schema/index.js';
export { buildDescription } from './build-network.js';
export { buildTrainer } from './build-trainer.js';
export {
  checkpointFile,
  decodeCheckpoint,
  encodeCheckpoint,
  type ResumePoint,
} from './checkpoint.js';
export { type Config, type ConfigInput, resolveConfig, setByPath, setValue } from './config.js';
export { DamagedRunError } from './damaged-run-error.js';
export { DivergenceError } from './divergence-error.js';
export {
  type EvaluateOptions,
  evaluate,
  partOf,
  type SamplePart,
  type SplitName,
  splitNames,
} from './evaluate.js';
export type { Checkpoint, Ending, Observer, Progress, StepProgress } from './fit.js';
export { denseStart, initialize, type Start, sparseNormal } from './initialize.js';
export { inspect, type LayerReport, type ModelReport } from './inspect.js';
export type { Density, EpochMetrics, Score, Summary } from './metrics.js';
export { type ClassScore, Model, type ModelOptions, openModel } from './model.js';
export {
  decodeModel,
  describeModel,
  encodeModel,
  type ModelDescription,
  modelFile,
} from './model-description.js';
export type { BackendOptions } from './open-backend.js';
export { type GroupOptions, Optimizer, type ParameterGroup } from './optimizer.js';
export type { TrainOptions, TrainResult } from './options.js';
export type { Preset } from './preset.js';
export { presets } from './presets.js';
export { machineSchema, metricsSchema, summarySchema } from './stored.js';
export { train } from './train.js';
export { Trainer } from './trainer.js';
export type { TrainingData } from './training-data.js';
export { writeWeights } from './weights.js';
