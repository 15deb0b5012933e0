import type { Spec } from 'vega';
import { extent, shown, ticks } from './axes.js';
import type { Axis, Heatmap } from './chart.js';
import { mark } from './mark.js';
import { LETTER } from './style.js';

const ROW_HEIGHT = 28;
/** What the label of a column needs. */
const LABEL_WIDTH = 30;
const LEGEND_LENGTH = 240;
const MISSING = '#dddddd';

/**
 * A table of colours. Its cells are whole pixels wide and high, so that no seams show.
 *
 * @param width of the chart in pixels, about
 */
export function heatmapSpec({ x, rows, columns, values, value }: Heatmap, width: number): Spec {
  const cells = rows.flatMap((_, row) =>
    columns.map((_, column) => ({ row, column, value: values[row]?.[column] ?? Number.NaN })),
  );
  const visible = shown(values.flat(), value);
  const domain = extent(value.scale === 'log' ? visible : [0, ...visible], value);
  const names = rows.reduce((most, { length }) => Math.max(most, length), 0) * LETTER;
  const step = Math.max(1, Math.floor((width - names) / Math.max(1, columns.length)));
  const stride = Math.ceil(LABEL_WIDTH / step);
  return {
    autosize: 'pad',
    width: step * columns.length,
    height: ROW_HEIGHT * rows.length,
    signals: [
      { name: 'rows', value: rows },
      { name: 'columns', value: columns },
    ],
    data: [
      {
        name: 'cells',
        values: cells.map(({ row, column, value: cell }) => ({
          x: column * step,
          y: row * ROW_HEIGHT,
          value: cell,
          ink: inkOf(cell, value),
        })),
      },
    ],
    scales: [
      { name: 'x', type: 'band', domain: indices(columns), range: 'width' },
      { name: 'y', type: 'band', domain: indices(rows), range: 'height' },
      {
        name: 'color',
        type: value.scale ?? 'linear',
        domain: [...domain],
        range: { scheme: 'yellowgreenblue' },
      },
    ],
    axes: [
      {
        orient: 'bottom',
        scale: 'x',
        title: x.label,
        ticks: false,
        domain: false,
        values: indices(columns).filter((column) => column % stride === stride - 1),
        encode: { labels: { update: { text: { signal: 'columns[datum.value]' } } } },
      },
      {
        orient: 'left',
        scale: 'y',
        ticks: false,
        domain: false,
        labelPadding: 8,
        encode: { labels: { update: { text: { signal: 'rows[datum.value]' } } } },
      },
    ],
    marks: [
      mark('rect', 'cells', {
        x: { field: 'x' },
        y: { field: 'y' },
        width: { value: step },
        height: { value: ROW_HEIGHT },
        fill: [
          { test: 'datum.ink', field: 'ink' },
          { scale: 'color', field: 'value' },
        ],
      }),
    ],
    legends: [
      {
        orient: 'bottom',
        direction: 'horizontal',
        type: 'gradient',
        fill: 'color',
        title: value.label,
        gradientLength: LEGEND_LENGTH,
        labelOverlap: value.scale !== 'log',
        ...ticks(value, domain, 4),
      },
    ],
  };
}

/** Of a cell that has no place on the scale: missing ones are grey, on a log scale zeros white. */
function inkOf(cell: number, axis: Axis): string | null {
  if (!Number.isFinite(cell)) return MISSING;
  return shown([cell], axis).length === 0 ? 'white' : null;
}

function indices(list: readonly unknown[]): number[] {
  return list.map((_, i) => i);
}
