export { type Config, type ConfigInput, resolveConfig, setByPath } from './config.js';
export type { Checkpoint, Ending, Observer, Progress, StepProgress } from './fit.js';
export type { Density, EpochMetrics, Score, Summary } from './metrics.js';
export { type Preset, presets } from './presets.js';
export { RunDirectory, readConfig, readMetrics, runFiles } from './run-directory.js';
export { type TrainOptions, type TrainResult, train } from './train.js';
export { DivergenceError, Trainer, type TrainingData } from './trainer.js';
export { writeWeights } from './weights.js';
