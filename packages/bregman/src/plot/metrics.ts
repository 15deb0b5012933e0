import type { EpochMetrics } from '@bregman/core/train';
import type { Axis, Figure, Point, Series } from './chart.js';
import { type MetricName, metricNames } from './metric-names.js';
import type { PlottedRun } from './runs.js';
import { weightFigure } from './weights.js';

/** From this ratio of the largest to the smallest value on, an axis is logarithmic. */
const WIDE_RANGE = 20;

type Value = (metrics: EpochMetrics) => number | null | undefined;

interface Curve {
  readonly axis: Axis;
  readonly caption: string;
  readonly value: Value;
  /** Drawn thinner beside it. */
  readonly training?: Value;
}

/** The metrics that are lines over epochs. */
const curves: Readonly<Record<Exclude<MetricName, 'layers' | 'weights'>, Curve>> = {
  accuracy: {
    axis: { label: 'accuracy', percent: true },
    caption: 'Accuracy on the validation samples and, thinner, on the training samples',
    value: ({ validation }) => validation?.accuracy,
    training: ({ train }) => train.accuracy,
  },
  loss: {
    axis: { label: 'loss' },
    caption: 'Loss on the validation samples and, thinner, on the training samples',
    value: ({ validation }) => validation?.loss,
    training: ({ train }) => train.loss,
  },
  density: {
    axis: { label: 'density', percent: true },
    caption: 'Density: non-zero weights / weights',
    value: ({ density }) => density.total,
  },
  regularizer: {
    axis: { label: 'J(θ)' },
    caption: 'Regularizer J(θ)',
    value: ({ regularizer }) => regularizer,
  },
  lambda: {
    axis: { label: 'λ' },
    caption: 'λ of the first regularized group',
    value: ({ lambda }) => lambda,
  },
  'learning-rate': {
    axis: { label: 'learning rate' },
    caption: 'Learning rate',
    value: ({ learningRate }) => learningRate,
  },
  seconds: {
    axis: { label: 'seconds an epoch' },
    caption: 'Time of an epoch, training and validation',
    value: ({ seconds }) => seconds,
  },
};

/**
 * The figures of some metrics of runs: one a metric with a line a run, but of `layers` and `weights`
 * one a run. Runs that lack a metric (accuracy without labels, weights without a checkpoint) are left
 * out of its figures.
 */
export function figuresOfRuns(
  runs: readonly PlottedRun[],
  metrics: readonly MetricName[] = metricNames,
): Figure[] {
  return metrics.flatMap((metric) => {
    if (metric === 'layers')
      return runs.map((run, i) => layersFigure(run, nameOf(metric, i, runs)));
    if (metric === 'weights') {
      return runs.flatMap((run, i) => weightFigure(run, nameOf(metric, i, runs)) ?? []);
    }
    return curveFigure(metric, curves[metric], runs) ?? [];
  });
}

/** For the name of a file, so a number, not the label. */
function nameOf(metric: MetricName, index: number, runs: readonly PlottedRun[]): string {
  return runs.length === 1 ? metric : `${metric}-${index + 1}`;
}

function curveFigure(
  name: string,
  { axis, caption, value, training }: Curve,
  runs: readonly PlottedRun[],
): Figure | undefined {
  const series: Series[] = runs
    .flatMap(({ label, metrics }) => [
      { name: label, points: pointsOf(metrics, value) },
      ...(training
        ? [{ name: `${label}, training`, points: pointsOf(metrics, training), colorOf: label }]
        : []),
    ])
    .filter(({ points }) => points.some(({ y }) => Number.isFinite(y)));
  if (series.length === 0) return undefined;
  const heights = series.flatMap(({ points }) => points.map(({ y }) => y));
  const y = { ...axis, scale: scaleFor(heights) };
  return { name, caption, chart: { kind: 'lines', x: epochs, y, series } };
}

const epochs: Axis = { label: 'epoch' };

function pointsOf(metrics: readonly EpochMetrics[], value: Value): Point[] {
  return metrics.map((each) => ({ x: each.epoch, y: value(each) ?? Number.NaN }));
}

function layersFigure({ label, metrics }: PlottedRun, name: string): Figure {
  const rows = Object.keys(metrics[0].density.layers);
  const values = rows.map((row) => metrics.map(({ density }) => density.layers[row] ?? Number.NaN));
  return {
    name,
    caption: `Density of each layer: ${label}`,
    chart: {
      kind: 'heatmap',
      x: epochs,
      rows,
      values,
      columns: metrics.map(({ epoch }) => epoch),
      value: { label: 'density', percent: true, scale: 'log' },
    },
  };
}

function scaleFor(values: readonly number[]): 'linear' | 'log' {
  const positive = values.filter((value) => value > 0 && value < Infinity);
  const ratio = Math.max(...positive) / Math.min(...positive);
  return ratio >= WIDE_RANGE ? 'log' : 'linear';
}
