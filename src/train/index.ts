export { buildDescription } from './build.js';
export { type Config, type ConfigInput, resolveConfig, setByPath, setValue } from './config.js';
export { ConfigError } from './config-error.js';
export { DamagedRunError } from './damaged-run-error.js';
export { loadTrainingData, takeTrainingData } from './data.js';
export { type EvaluateOptions, evaluate, type SplitName, splitNames } from './evaluate.js';
export type { Checkpoint, Ending, Observer, Progress, StepProgress } from './fit.js';
export { inspect, type LayerReport, type ModelReport } from './inspect.js';
export type { Density, EpochMetrics, Score, Summary } from './metrics.js';
export { loadModel, loadModelConfig, type Model } from './model.js';
export { loadConfigInput, type NamedConfig } from './named-config.js';
export { predictTest } from './predict.js';
export { type Preset, presets } from './presets.js';
export {
  nextRunPath,
  RunDirectory,
  readConfig,
  readMetrics,
  readSummary,
  runFiles,
} from './run-directory.js';
export { type TrainOptions, type TrainResult, train } from './train.js';
export { trainRun } from './train-run.js';
export { DivergenceError, Trainer } from './trainer.js';
export type { TrainingData } from './training-data.js';
export { writeWeights } from './weights.js';
