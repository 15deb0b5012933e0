import type { Machine } from '@bregman/core/engine';
import type { Summary } from '@bregman/core/train';
import type { ExperimentRun } from './experiment.js';
import { type Row, valueIn } from './metric.js';
import type { PlannedRun } from './plan.js';

/** What one run with one seed came to. */
export interface Outcome {
  readonly run: PlannedRun;
  /** After each epoch, or now and then. */
  readonly curve: readonly Moment[];
  /** Of the whole run. */
  readonly end: Row;
  readonly origin: Origin;
  /** Of a training. */
  readonly summary?: Summary;
}

/** What computed a run. */
export interface Origin {
  readonly version: string;
  /** Of a training. */
  readonly threads?: number;
  /** Trainings of earlier versions do not say it. */
  readonly machine?: Machine &
    Partial<Pick<NonNullable<Summary['machine']>, 'kernels' | 'wideVectors'>>;
}

/** A run of the experiment with what its seeds came to. */
export interface RunOutcomes {
  readonly run: ExperimentRun;
  readonly outcomes: readonly Outcome[];
}

/** Metrics on the way. */
export interface Moment {
  /** Epochs or iterations done. */
  readonly at: number;
  readonly row: Row;
}

/** The epochs or iterations that a run has done. */
export function lengthOf({ curve }: Outcome): number {
  return curve.at(-1)?.at ?? 0;
}

/** A metric of a run at its end, or after so many epochs; undefined where it has none. */
export function metricValue(outcome: Outcome, metric: string, at?: number): number | undefined {
  const { run, curve, end } = outcome;
  const [, goal] = /^reaches\/(.+)$/.exec(metric) ?? [];
  if (goal !== undefined) return reachedAt(outcome, Number(goal));
  const isEnd = at === undefined || at === lengthOf(outcome);
  const row = isEnd ? end : curve.find((moment) => moment.at === at)?.row;
  return row && valueIn(row, run.work.config, metric);
}

/** The first epoch with this validation accuracy. */
function reachedAt({ curve }: Outcome, goal: number): number | undefined {
  return curve.find(({ row }) => row['validation accuracy'] >= goal)?.at;
}

/** The same of several seeds, without those that have none. */
export function metricValues(outcomes: readonly Outcome[], metric: string, at?: number): number[] {
  return outcomes
    .map((each) => metricValue(each, metric, at))
    .filter((value) => value !== undefined);
}
