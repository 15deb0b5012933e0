import type { Summary } from '../train/index.js';
import { type Row, valueIn } from './metric.js';
import type { PlannedRun } from './plan.js';

/** What one run with one seed came to. */
export interface Outcome {
  readonly run: PlannedRun;
  /** After each epoch, or now and then. */
  readonly curve: readonly Moment[];
  /** Of the whole run. */
  readonly end: Row;
  /** Of a training. */
  readonly summary?: Summary;
}

export interface Moment {
  /** Epochs or iterations done. */
  readonly at: number;
  readonly row: Row;
}

/** A metric of a run at its end, or after so many epochs; undefined where it has none. */
export function metricValue({ run, curve, end }: Outcome, metric: string, at?: number) {
  const row = at === undefined ? end : curve.find((moment) => moment.at === at)?.row;
  return row && valueIn(row, run.work.config, metric);
}

/** The same of several seeds, without those that have none. */
export function metricValues(outcomes: readonly Outcome[], metric: string, at?: number): number[] {
  return outcomes.map((each) => metricValue(each, metric, at)).filter((value) => value !== undefined);
}
