/** Figures of an experiment as charts. */
import type { Axis, Chart, Figure, Point, Series } from '../plot/index.js';
import type { ExperimentRun, FigureSpec, Reference, Unit } from './experiment.js';
import { metricOf } from './metric.js';
import {
  lengthOf,
  type Moment,
  metricValue,
  metricValues,
  type Outcome,
  type RunOutcomes,
} from './outcome.js';
import { connectionsChart, imagesChart } from './pictures.js';
import { statistics } from './statistics.js';

/**
 * Draws what a figure of an experiment asks for.
 *
 * @param warn called with a line for each run that has to be left out
 * @returns undefined where none of its runs is there
 * @throws {UserError} weights or data that it needs cannot be read
 */
export async function figureOf(
  spec: FigureSpec,
  all: readonly RunOutcomes[],
  unit: Unit,
  warn: (warning: string) => void,
): Promise<Figure | undefined> {
  const wanted = 'run' in spec ? [spec.run] : spec.runs;
  const shown = all.filter(
    ({ run, outcomes }) => outcomes.length > 0 && (!wanted || wanted.includes(run.label)),
  );
  if (shown.length === 0) return undefined;
  const { name, caption } = spec;
  const [{ seed }] = shown[0].outcomes.map(({ run }) => run);
  return {
    name,
    caption: 'run' in spec ? `${caption} (seed ${seed})` : caption,
    chart: await chartOf(spec, shown, unit, warn),
  };
}

async function chartOf(
  spec: FigureSpec,
  shown: readonly RunOutcomes[],
  unit: Unit,
  warn: (warning: string) => void,
): Promise<Chart> {
  switch (spec.kind) {
    case 'epochs':
      return overEpochs(spec, shown, unit);
    case 'hours':
      return overHours(spec, shown);
    case 'against':
      return against(spec, shown);
    case 'layers':
      return byLayer(spec.metric, shown);
    case 'layers-over-epochs':
      return layersOverEpochs(spec.metric, shown[0].outcomes[0]);
    case 'connections':
      return connectionsChart(shown[0].outcomes[0]);
    case 'images':
      return imagesChart(shown, spec.count, warn);
  }
}

type Scale = 'linear' | 'log' | undefined;

function axisOf(metric: string, scale: Scale, ownLabel?: string): Axis {
  const { label, isShare } = metricOf(metric);
  return { label: ownLabel ?? label, percent: isShare, ...(scale && { scale }) };
}

function overEpochs(
  { metric, scale }: FigureSpec & { kind: 'epochs' },
  shown: readonly RunOutcomes[],
  unit: Unit,
): Chart {
  const series = shown.flatMap(({ run, outcomes }) => [
    { name: run.label, points: curveOf(outcomes, metric) },
    ...referenceCurves(run, metric),
  ]);
  return {
    kind: 'lines',
    x: { label: unit },
    y: axisOf(metric, scale),
    series: drawable(series),
  };
}

/** Curves of references are those that know the hours, too. */
function overHours(
  { metric, scale, hours }: FigureSpec & { kind: 'hours' },
  shown: readonly RunOutcomes[],
): Chart {
  const series = shown.flatMap(({ run, outcomes }) => [
    { name: run.label, points: hourlyCurve(outcomes, metric) },
    ...referencePoints(run.label, run.references, 'hours', metric),
  ]);
  return {
    kind: 'lines',
    x: axisOf('hours', hours),
    y: axisOf(metric, scale),
    series: drawable(series),
  };
}

/** At each epoch the means over the seeds: of the hours, and of the metric. */
function hourlyCurve(outcomes: readonly Outcome[], metric: string): Point[] {
  return curveOf(outcomes, metric).map(({ x, ...value }) => ({
    ...value,
    x: statistics(metricValues(outcomes, 'hours', x)).mean,
  }));
}

/** Mean and deviation over the seeds at each moment that any of them has. */
function curveOf(outcomes: readonly Outcome[], metric: string): Point[] {
  const moments = [...new Set(outcomes.flatMap(({ curve }) => curve.map(({ at }) => at)))];
  return moments
    .sort((a, b) => a - b)
    .map((at) => ({ at, values: metricValues(outcomes, metric, at) }))
    .filter(({ values }) => values.length > 0)
    .map(({ at, values }) => ({ x: at, ...spread(values) }));
}

function spread(values: readonly number[]): Omit<Point, 'x'> {
  const { mean, deviation } = statistics(values);
  if (deviation === undefined) return { y: mean };
  return { y: mean, low: mean - deviation, high: mean + deviation };
}

/** One for each source that knows the metric at some epochs. */
function referenceCurves({ label, references }: ExperimentRun, metric: string): Series[] {
  const known = references.filter(({ values }) => metric in values);
  return [...new Set(known.map(({ source }) => source))].map((source) => ({
    ...referenceOf(label, source),
    points: known
      .filter((each) => each.source === source)
      .map(({ at, values }) => ({ x: at, ...spread([values[metric]].flat()) })),
  }));
}

function referenceOf(name: string, source: string) {
  return { name: `${name}, ${source}`, isReference: true, colorOf: name };
}

function against({ x, y }: FigureSpec & { kind: 'against' }, shown: readonly RunOutcomes[]): Chart {
  const names = [...new Set(shown.map(({ run }) => seriesOf(run)))];
  const series = names.flatMap((name) => {
    const members = shown.filter(({ run }) => seriesOf(run) === name);
    const points = members.flatMap(({ outcomes }) => pointOf(outcomes, x.metric, y.metric));
    const references = members.flatMap(({ run, outcomes }) =>
      run.references.filter(({ at }) => at === lengthOf(outcomes[0])),
    );
    return [
      { name, points: points.sort((a, b) => a.x - b.x) },
      ...referencePoints(name, references, x.metric, y.metric),
    ];
  });
  return {
    // Against a setting there is one value at each place, and a line to follow.
    kind: x.metric.startsWith('config/') ? 'lines' : 'points',
    x: axisOf(x.metric, x.scale, x.label),
    y: axisOf(y.metric, y.scale, y.label),
    series: drawable(series),
  };
}

function seriesOf({ series, label }: ExperimentRun): string {
  return series ?? label;
}

/** The means over the seeds; none where a metric is missing. */
function pointOf(outcomes: readonly Outcome[], x: string, y: string): Point[] {
  const across = metricValues(outcomes, x);
  const up = metricValues(outcomes, y);
  if (across.length === 0 || up.length === 0) return [];
  return [{ x: statistics(across).mean, ...spread(up) }];
}

function referencePoints(
  name: string,
  references: readonly Reference[],
  x: string,
  y: string,
): Series[] {
  const final = references.filter(({ values }) => x in values && y in values);
  return [...new Set(final.map(({ source }) => source))].map((source) => ({
    ...referenceOf(name, source),
    points: final
      .filter((each) => each.source === source)
      .map(({ values }) => ({
        x: statistics([values[x]].flat()).mean,
        ...spread([values[y]].flat()),
      })),
  }));
}

function drawable(series: readonly Series[]): Series[] {
  return series.filter(({ points }) => points.length > 0);
}

type LayerMetric = 'density' | 'rows';

function layersOf({ end }: Outcome, metric: LayerMetric): string[] {
  const prefix = `${metric}/`;
  return Object.keys(end)
    .filter((name) => name.startsWith(prefix))
    .map((name) => name.slice(prefix.length));
}

function byLayer(metric: LayerMetric, shown: readonly RunOutcomes[]): Chart {
  const groups = layersOf(shown[0].outcomes[0], metric);
  const series = shown.flatMap(({ run, outcomes }) => [
    {
      name: run.label,
      values: groups.map((layer) => average(metricValues(outcomes, `${metric}/${layer}`))),
    },
    ...referenceBars(run, metric, groups),
  ]);
  return { kind: 'bars', y: layerAxis(metric), groups, series };
}

/** The last that each source knows. */
function referenceBars(
  { label, references }: ExperimentRun,
  metric: LayerMetric,
  groups: readonly string[],
): { name: string; values: number[] }[] {
  const known = references.filter(({ values }) => `${metric}/${groups[0]}` in values);
  const last = new Map(known.map((each) => [each.source, each]));
  return [...last.values()].map(({ source, at, values }) => ({
    name: `${label}, ${source}, epoch ${at}`,
    values: groups.map((layer) => average([values[`${metric}/${layer}`] ?? []].flat())),
  }));
}

function average(values: readonly number[]): number {
  return values.length > 0 ? statistics(values).mean : Number.NaN;
}

function layersOverEpochs(metric: LayerMetric, outcome: Outcome): Chart {
  const rows = layersOf(outcome, metric);
  const columns = outcome.curve.map(({ at }: Moment) => at);
  const valueAt = (layer: string, at: number) =>
    metricValue(outcome, `${metric}/${layer}`, at) ?? Number.NaN;
  return {
    kind: 'heatmap',
    x: { label: 'epoch' },
    rows,
    columns,
    values: rows.map((layer) => columns.map((at) => valueAt(layer, at))),
    value: layerAxis(metric),
  };
}

function layerAxis(metric: LayerMetric): Axis {
  return { label: metric === 'rows' ? 'rows alive' : 'density', percent: true };
}
