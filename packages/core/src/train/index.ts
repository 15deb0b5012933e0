/** From a configuration to a trained network. */
export { ConfigError } from '../schema/index.js';
export { buildDescription } from './build.js';
export { type Config, type ConfigInput, resolveConfig, setByPath, setValue } from './config.js';
export { DamagedRunError } from './damaged-run-error.js';
export { type EvaluateOptions, evaluate, type SplitName, splitNames } from './evaluate.js';
export type { Checkpoint, Ending, Observer, Progress, StepProgress } from './fit.js';
export { inspect, type LayerReport, type ModelReport } from './inspect.js';
export type { Density, EpochMetrics, Score, Summary } from './metrics.js';
export type { TrainOptions, TrainResult } from './options.js';
export { predictTest } from './predict.js';
export { type Preset, presets } from './presets.js';
export { machineSchema, metricsSchema, progressSchema, summarySchema } from './stored.js';
export { train } from './train.js';
export { DivergenceError, Trainer } from './trainer.js';
export type { TrainingData } from './training-data.js';
export { writeWeights } from './weights.js';
