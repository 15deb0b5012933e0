import type { Scale, Axis as VegaAxis } from 'vega';
import type { Axis } from './chart.js';

/** About so many on an axis. */
const TICKS = 8;

/** The least and the greatest value that a scale shows. */
export type Domain = readonly [least: number, most: number];

/** The values that an axis can show: finite ones, on a logarithmic axis positive ones. */
export function shown(values: readonly number[], { scale }: Axis): number[] {
  return values.filter((value) => Number.isFinite(value) && (scale !== 'log' || value > 0));
}

/**
 * From the least to the greatest of the values and, on a logarithmic axis, on to the next tick;
 * never empty.
 *
 * @param values as {@link shown} gives them
 */
export function extent(values: readonly number[], { scale }: Axis): Domain {
  if (values.length === 0) return scale === 'log' ? [0.1, 1] : [0, 1];
  const least = values.reduce((a, b) => Math.min(a, b));
  const most = values.reduce((a, b) => Math.max(a, b));
  if (scale === 'log') return logExtent(least, most);
  const room = least < most ? 0 : Number.isInteger(least) ? 1 : Math.abs(least) / 10;
  return [least - room, most + room];
}

/** A scale over a domain. */
export function scaleOf(
  name: string,
  { scale }: Axis,
  domain: Domain,
  range: 'width' | 'height',
  isNice: boolean,
): Scale {
  const common = { name, domain: [...domain], range };
  return scale === 'log'
    ? { ...common, type: 'log' }
    : { ...common, type: 'linear', nice: isNice && TICKS, zero: false };
}

/** An axis on one side of the chart, whose scale is `x` or `y`. */
export function axisOf(orient: 'bottom' | 'left', axis: Axis, domain: Domain): VegaAxis {
  return {
    orient,
    scale: orient === 'bottom' ? 'x' : 'y',
    title: axis.label,
    grid: true,
    ...ticks(axis, domain, TICKS),
  };
}

/** The ticks of an axis or of a legend of colours, about so many, and how they are written. */
export function ticks({ scale, percent }: Axis, domain: Domain, count: number) {
  const format = { linear: percent && '%', log: percent ? '~%' : '~g' }[scale ?? 'linear'];
  const values = scale === 'log' ? logTicks(domain, count) : undefined;
  // A space between the number and its sign.
  const text = { signal: "replace(datum.label, '%', '\u00a0%')" };
  return {
    tickCount: values?.length ?? count,
    ...(values && { values }),
    ...(format && { format }),
    ...(percent && { encode: { labels: { update: { text } } } }),
  };
}

function logExtent(least: number, most: number): Domain {
  const steps = logSteps(least, most, [1, 2, 5]);
  const isOne = least === most;
  const below = steps.findLast((step) => (isOne ? step < least : step <= least));
  const above = steps.find((step) => (isOne ? step > most : step >= most));
  return [below ?? least, above ?? most];
}

/** 1, 2, 5, 10, …; powers of ten alone where they are many. */
function logTicks([least, most]: Domain, count: number): number[] {
  const multiples = Math.log10(most / least) <= 3 ? [1, 2, 5] : [1];
  const steps = logSteps(least, most, multiples).filter((step) => step >= least && step <= most);
  const stride = Math.ceil(steps.length / count);
  return steps.filter((_, i) => i % stride === 0);
}

/** These multiples of the powers of ten around a range. */
function logSteps(least: number, most: number, multiples: readonly number[]): number[] {
  const first = Math.floor(Math.log10(least)) - 1;
  const last = Math.ceil(Math.log10(most)) + 1;
  const powers = Array.from({ length: last - first + 1 }, (_, i) => first + i);
  return powers
    .flatMap((power) => multiples.map((multiple) => Number(`${multiple}e${power}`)))
    .filter((step) => step > 0 && step < Infinity);
}
