import type { Spec } from 'vega';
import { axisOf, extent, scaleOf, shown } from './axes.js';
import type { BarChart } from './chart.js';
import { legendOf } from './legend.js';
import { mark } from './mark.js';
import { looksOf } from './style.js';

/**
 * Bars side by side, a group for each thing that is compared.
 *
 * @param width of the chart in pixels
 */
export function barsSpec({ y, groups, series }: BarChart, width: number): Spec {
  const looks = looksOf(series.map(({ name }) => ({ name, points: [] })));
  const values = series.flatMap((each) => each.values.slice(0, groups.length));
  const visible = shown(values, y);
  const domain = extent(y.scale === 'log' ? visible : [0, ...visible], y);
  const names = series.map(({ name }) => name);
  const isTight = groups.join('').length * 8 > width - 60;
  const { signals = [], ...legend } = legendOf(names, width, {
    fill: 'fill',
    symbolType: 'square',
  });
  return {
    signals: [...signals, { name: 'groups', value: groups }],
    data: [
      {
        name: 'bars',
        values: series.flatMap((each, i) =>
          groups.flatMap((_, group) =>
            shown([each.values[group]], y).map((value) => ({ group, series: i, value })),
          ),
        ),
      },
    ],
    scales: [
      { name: 'x', type: 'band', domain: groups.map((_, i) => i), range: 'width', padding: 0.2 },
      {
        name: 'beside',
        type: 'band',
        domain: series.map((_, i) => i),
        range: [0, { signal: "bandwidth('x')" }],
        paddingInner: 0.08,
      },
      scaleOf('y', y, domain, 'height', true),
      {
        name: 'fill',
        type: 'ordinal',
        domain: series.map((_, i) => i),
        range: looks.map(({ color }) => color),
      },
    ],
    axes: [
      {
        orient: 'bottom',
        scale: 'x',
        ticks: false,
        ...(isTight && { labelAngle: -35, labelAlign: 'right' }),
        encode: { labels: { update: { text: { signal: 'groups[datum.value]' } } } },
      },
      axisOf('left', y, domain),
    ],
    marks: [
      mark('rect', 'bars', {
        x: { scale: 'x', field: 'group', offset: { scale: 'beside', field: 'series' } },
        width: { scale: 'beside', band: 1 },
        y: { scale: 'y', field: 'value' },
        y2: { scale: 'y', value: y.scale === 'log' ? domain[0] : 0 },
        fill: { scale: 'fill', field: 'series' },
      }),
    ],
    ...legend,
  };
}
