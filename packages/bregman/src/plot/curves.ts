import type { Mark, Scale, Spec } from 'vega';
import { axisOf, type Domain, extent, scaleOf, shown } from './axes.js';
import type { Axis, LineChart, Point, PointChart, Series } from './chart.js';
import { legendOf } from './legend.js';
import { mark } from './mark.js';
import { ink, type Look, looksOf } from './style.js';

/** A line of no more points than this shows them. */
const FEW_POINTS = 12;

/** In the legend long enough for its dashes. */
const longLine = { symbolType: 'stroke', symbolSize: 400 } as const;

/**
 * Lines with bands, or points with error bars, over two axes.
 *
 * @param width of the chart in pixels
 */
export function curvesSpec({ kind, x, y, series }: LineChart | PointChart, width: number): Spec {
  const points = series.flatMap((each) => each.points);
  const across = points.map((point) => point.x);
  const up = points.flatMap((point) => [point.y, ...Object.values(spreadOf(point))]);
  const xDomain = extent(shown(across, x), x);
  const yDomain = extent(shown(up, y), y);
  const looks = looksOf(series);
  const curves = series.map((each, i) => curveOf(`series${i}`, each, looks[i], x, y, yDomain));
  return {
    data: curves.flatMap(({ name, rows }) => [
      { name, values: rows },
      { name: `${name}-there`, values: rows.filter(({ isThere }) => isThere) },
      { name: `${name}-labelled`, values: rows.filter(({ label }) => label !== undefined) },
    ]),
    scales: [
      scaleOf('x', x, xDomain, 'width', kind === 'points'),
      scaleOf('y', y, yDomain, 'height', true),
      ...lookScales(curves),
    ],
    axes: [
      // Epochs are whole.
      {
        ...axisOf('bottom', x, xDomain),
        ...(across.every(Number.isInteger) && { tickMinStep: 1 }),
      },
      axisOf('left', y, yDomain),
    ],
    marks:
      kind === 'lines'
        ? [
            ...curves.filter(hasSpread).map(band),
            ...curves.map(line),
            ...curves
              .filter(({ rows }) => rows.length <= FEW_POINTS)
              .map((each) => symbols(each, 10 * each.look.width ** 2)),
            ...curves.map(labels),
          ]
        : [
            ...curves.filter(hasSpread).map(errorBars),
            ...curves.map((each) => symbols(each, 70)),
            ...curves.map(labels),
          ],
    ...legendOf(
      series.map(({ name }) => name),
      width,
      kind === 'lines'
        ? { stroke: 'stroke', strokeDash: 'dash', strokeWidth: 'width', ...longLine }
        : { stroke: 'stroke', fill: 'fill', shape: 'shape' },
    ),
  };
}

/** A series with all that is needed to draw it. */
interface Curve {
  /** Of its data. */
  readonly name: string;
  readonly look: Look;
  readonly rows: readonly Row[];
}

interface Row extends Point {
  readonly low: number;
  readonly high: number;
  /** Where it is missing, a line breaks off. */
  readonly isThere: boolean;
}

function curveOf(
  name: string,
  { points }: Series,
  look: Look,
  x: Axis,
  y: Axis,
  [floor]: Domain,
): Curve {
  const isShown = (value: number, axis: Axis) => shown([value], axis).length > 0;
  const rows = points
    .filter((point) => isShown(point.x, x))
    .map((point) => {
      if (!isShown(point.y, y))
        return { x: point.x, y: floor, low: floor, high: floor, isThere: false };
      const { low, high } = spreadOf(point);
      // A band may reach below what a logarithmic axis shows.
      return { ...point, low: isShown(low, y) ? low : floor, high, isThere: true };
    });
  return { name, look, rows };
}

/** The band around a point, or the point itself. */
function spreadOf({ y, low = y, high = y }: Point): { low: number; high: number } {
  const isBand = Number.isFinite(low) && Number.isFinite(high);
  return isBand ? { low, high } : { low: y, high: y };
}

function hasSpread({ rows }: Curve): boolean {
  return rows.some(({ low, high }) => low < high);
}

function lookScales(curves: readonly Curve[]): Scale[] {
  const scale = (name: string, of: (look: Look) => unknown) => ({
    name,
    type: 'ordinal' as const,
    domain: curves.map((_, i) => i),
    range: curves.map(({ look }) => of(look)) as string[],
  });
  return [
    scale('stroke', ({ color }) => color),
    scale('fill', ({ fill }) => fill),
    scale('dash', ({ dash }) => dash),
    scale('width', ({ width }) => width),
    scale('shape', ({ shape }) => shape),
  ];
}

const at = { x: { scale: 'x', field: 'x' }, y: { scale: 'y', field: 'y' } };
const fromLowToHigh = {
  x: at.x,
  y: { scale: 'y', field: 'low' },
  y2: { scale: 'y', field: 'high' },
};

function band({ name, look }: Curve): Mark {
  return mark('area', name, {
    ...fromLowToHigh,
    defined: { field: 'isThere' },
    fill: { value: look.color },
    fillOpacity: { value: 0.15 },
  });
}

function line({ name, look }: Curve): Mark {
  return mark('line', name, {
    ...at,
    defined: { field: 'isThere' },
    stroke: { value: look.color },
    strokeWidth: { value: look.width },
    strokeDash: { value: look.dash },
    strokeJoin: { value: 'round' },
  });
}

function errorBars({ name, look }: Curve): Mark {
  return mark('rule', `${name}-there`, {
    ...fromLowToHigh,
    stroke: { value: look.color },
    strokeOpacity: { value: 0.5 },
  });
}

function symbols({ name, look }: Curve, size: number): Mark {
  return mark('symbol', `${name}-there`, {
    ...at,
    size: { value: size },
    shape: { value: look.shape },
    fill: { value: look.fill },
    stroke: { value: look.color },
    strokeWidth: { value: 1.5 },
  });
}

function labels({ name }: Curve): Mark {
  return mark('text', `${name}-labelled`, {
    ...at,
    text: { field: 'label' },
    dx: { value: 7 },
    dy: { value: -7 },
    fontSize: { value: 11 },
    fill: { value: ink },
  });
}
