/** Runs in folders: what they are trained on, what they leave behind, how they go on. */
export { loadTrainingData, takeTrainingData } from './data.js';
export { type EvaluationOptions, evaluateModel } from './evaluation.js';
export { loadModel, loadModelConfig, openModelFile, type StoredModel } from './model.js';
export { loadConfigInput, type NamedConfig } from './named-config.js';
export {
  nextRunPath,
  RunDirectory,
  readConfig,
  readMetrics,
  readSummary,
  runFiles,
} from './run-directory.js';
export { trainRun } from './train-run.js';
