/** The paper's experiments and one's own: run, averaged over seeds, reported beside other people's numbers. */

export { type Connections, connectionsOf } from './connections.js';
export type { ExperimentObserver, ExperimentProgress, FinishedRun } from './execute.js';
export { type Experiment, experimentNames, loadExperiment, parseExperiment } from './experiment.js';
export { type Metric, metricOf, type Row } from './metric.js';
export type { Moment, Outcome } from './outcome.js';
export type { Extent, PlannedRun } from './plan.js';
export { planRuns } from './plan.js';
export { type Recovery, type RecoveryMetrics, recover } from './recovery.js';
export {
  defaultFolder,
  type ReproduceOptions,
  type Reproduction,
  reproduce,
} from './reproduce.js';
