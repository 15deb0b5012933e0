/** What experiments can tabulate and plot, by name. */
import { UserError } from '@bregman/core/files';
import { fitsPattern } from '@bregman/core/schema';
import type { EpochMetrics, Summary } from '@bregman/core/train';
import { count, percent, short } from '../report/numbers.js';

/** How a metric is called, written and compared. */
export interface Metric {
  readonly label: string;
  /** A share, written as per cent. */
  readonly isShare: boolean;
  /** What a run is that has more of it than another one, and less. */
  readonly more: string;
  readonly less: string;
}

const share = (label: string, more = 'higher', less = 'lower'): Metric => ({
  label,
  isShare: true,
  more,
  less,
});
const number = (label: string, more = 'larger', less = 'smaller'): Metric => ({
  label,
  isShare: false,
  more,
  less,
});

const metrics: Readonly<Record<string, Metric>> = {
  'train accuracy': share('training accuracy'),
  'validation accuracy': share('validation accuracy'),
  'test accuracy': share('test accuracy'),
  'train loss': number('training loss', 'higher', 'lower'),
  'validation loss': number('validation loss', 'higher', 'lower'),
  'test loss': number('test loss', 'higher', 'lower'),
  'input loss': number('error of the corrupted input', 'higher', 'lower'),
  'loss against input': number('test loss / error of the input', 'higher', 'lower'),
  density: share('density', 'denser', 'sparser'),
  'density against target': share('density / target'),
  kernels: share('kernels kept', 'more', 'fewer'),
  filters: share('filters kept', 'more', 'fewer'),
  'convolution weights': share('density of convolutions', 'denser', 'sparser'),
  'linear weights': share('density of linear layers', 'denser', 'sparser'),
  regularizer: number('J(θ)'),
  lambda: number('λ'),
  'learning rate': number('learning rate'),
  // All of a run but its test.
  seconds: number('training and validation (s)', 'slower', 'faster'),
  hours: number('training and validation (h)', 'slower', 'faster'),
  'peak memory': number('peak memory (MB)', 'more', 'less'),
  inference: share('multiply-adds of inference, of dense', 'more', 'fewer'),
  training: share('multiply-adds of training, of dense SGD', 'more', 'fewer'),
  error: number('relative error ‖x − x*‖ / ‖x*‖', 'higher', 'lower'),
  residual: number('relative residual ‖Ax − b‖ / ‖b‖', 'higher', 'lower'),
  support: number('non-zeros of x', 'more', 'fewer'),
  'support found': share('true support found'),
  'support wrong': number('non-zeros outside the true support', 'more', 'fewer'),
};

/** Metrics of a part of the network or of the configuration: `density/LAYER` and so on. */
const families: Readonly<Record<string, (of: string) => Metric>> = {
  density: (layer) => share(`density of ${layer}`, 'denser', 'sparser'),
  rows: (layer) => share(`rows alive in ${layer}`, 'more', 'fewer'),
  alive: (pattern) => number(`layers ${pattern} with a weight`, 'more', 'fewer'),
  reaches: (goal) => number(`epochs to ${formatShare(goalOf(goal))} validation accuracy`),
  config: (path) => number(path),
};

/**
 * The metric of a name.
 *
 * @throws {UserError} there is none, or `reaches` has no share to reach
 */
export function metricOf(name: string): Metric {
  if (Object.hasOwn(metrics, name)) return metrics[name];
  const [, family, of] = /^(\w+)\/(.+)$/.exec(name) ?? [];
  if (family !== undefined && Object.hasOwn(families, family)) return families[family](of);
  const known = [...Object.keys(metrics), ...Object.keys(families).map((each) => `${each}/…`)];
  throw new UserError(`there is no metric '${name}'; there are ${known.join(', ')}`);
}

function goalOf(text: string): number {
  const goal = Number(text);
  if (goal > 0 && goal <= 1) return goal;
  throw new UserError(`reaches/${text}: write a share above 0 to 1, such as reaches/0.95`);
}

/** Metrics by name, at one moment. */
export type Row = Readonly<Record<string, number>>;

/** The metrics of an epoch; `seconds` are those since the start of the run. */
export function rowOfEpoch(epoch: EpochMetrics, seconds: number): Row {
  const { train, validation, density, regularizer, lambda, learningRate } = epoch;
  return defined({
    'train loss': train.loss,
    'train accuracy': train.accuracy,
    'validation loss': validation?.loss,
    'validation accuracy': validation?.accuracy,
    ...densities(density),
    regularizer: regularizer ?? undefined,
    lambda,
    'learning rate': learningRate,
    ...time(seconds),
  });
}

/** The metrics of a whole run. */
export function rowOfSummary(summary: Summary): Row {
  const { test, density, multiplyAdds, seconds, peakMemoryBytes } = summary;
  const shareOf = ({ used, dense }: { used: number; dense: number }) => used / dense;
  return defined({
    'test loss': test?.loss,
    'test accuracy': test?.accuracy,
    ...densities(density),
    inference: shareOf(multiplyAdds.inference),
    training: shareOf(multiplyAdds.training),
    ...time(seconds),
    'peak memory': peakMemoryBytes / 1e6,
  });
}

function time(seconds: number): Row {
  return { seconds, hours: seconds / 3600 };
}

function densities({ total, layers, rows = {}, convolutions, linear }: Summary['density']) {
  const prefixed = (prefix: string, values: Readonly<Record<string, number>>) =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [`${prefix}/${name}`, value]));
  return {
    density: total,
    ...prefixed('density', layers),
    ...prefixed('rows', rows),
    kernels: convolutions?.kernels,
    filters: convolutions?.filters,
    'convolution weights': convolutions?.weights,
    'linear weights': linear,
  };
}

function defined(values: Readonly<Record<string, number | undefined>>): Row {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Row;
}

/** A metric's value at one moment of a run; undefined where the run has none. */
export function valueIn(row: Row, config: unknown, name: string): number | undefined {
  const [family, of] = split(name);
  if (family === 'alive') return countAlive(row, of);
  if (family === 'config') return numberAt(config, of);
  return row[name];
}

function split(name: string): [family: string, of: string] {
  const at = name.indexOf('/');
  return [name.slice(0, Math.max(at, 0)), name.slice(at + 1)];
}

/** Layers of a name (`*` stands for any text) with a non-zero weight; undefined without such a layer. */
function countAlive(row: Row, pattern: string): number | undefined {
  const layers = Object.entries(row).filter(([name]) => fitsPattern(name, `density/${pattern}`));
  return layers.length > 0 ? layers.filter(([, value]) => value > 0).length : undefined;
}

/**
 * What a metric of a part of the network could be of instead, such as `rows/fc1, rows/fc2`; undefined
 * where the metric is of no part.
 */
export function partsIn(row: Row, name: string): string[] | undefined {
  const [family] = split(name);
  if (!['density', 'rows', 'alive'].includes(family)) return undefined;
  const prefix = family === 'rows' ? 'rows/' : 'density/';
  return Object.keys(row)
    .filter((each) => each.startsWith(prefix))
    .map((each) => `${family}/${each.slice(prefix.length)}`);
}

function numberAt(config: unknown, path: string): number | undefined {
  let at = config;
  for (const key of path.split('.')) {
    at = typeof at === 'object' && at !== null ? Reflect.get(at, key) : undefined;
  }
  return typeof at === 'number' ? at : undefined;
}

/** 97.1 %, 3.42 %, 0.0305, 141.2 */
export function formatValue({ isShare }: Metric, value: number): string {
  if (isShare) return formatShare(value);
  return Number.isInteger(value) ? count(value) : short(value);
}

/** 97.1 ± 0.3 %; the mean alone where there is no deviation, or none is known. */
export function formatSpread(metric: Metric, mean: number, deviation: number | undefined): string {
  if (!deviation) return formatValue(metric, mean);
  if (!metric.isShare) return `${formatValue(metric, mean)} ± ${short(deviation, 2)}`;
  const places = decimals(mean);
  return `${(100 * mean).toFixed(places)} ± ${(100 * deviation).toFixed(places)} %`;
}

function formatShare(share: number): string {
  return percent(share, decimals(share));
}

/** Small shares with one more. */
function decimals(share: number): number {
  return share < 0.1 ? 2 : 1;
}
