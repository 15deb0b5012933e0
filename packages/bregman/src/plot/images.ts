import type { Spec } from 'vega';
import type { ImageChart, Picture } from './chart.js';
import { mark } from './mark.js';
import { diverging, pictureUri } from './png.js';
import { ink, LETTER } from './style.js';

/** Small pictures are enlarged to about this many pixels. */
const SIZE = 56;
const GAP = 6;
/** This share of the weights is shown in shades, the strongest rest in the full colour. */
const FULL_COLOR = 0.95;
/** Pictures a line, however wide it becomes. */
const AT_LEAST = 10;

/**
 * Pictures in rows, enlarged by whole factors.
 *
 * @param width of the chart in pixels, about
 */
export async function imagesSpec({ rows }: ImageChart, width: number): Promise<Spec> {
  const pictures = rows.flatMap(({ images }) => images);
  const weights = pictures.filter(({ isDiverging }) => isDiverging);
  const strongest = strongestOf(weights);
  const margin = Math.max(0, ...rows.map(({ name }) => name.length)) * LETTER;
  const cell = GAP + Math.max(1, ...pictures.map((each) => zoomOf(each) * sideOf(each)));
  const perLine = Math.max(AT_LEAST, Math.floor((width - margin) / cell));
  const { placed, lines } = place(rows, perLine);
  const longest = Math.max(1, ...rows.map(({ images }) => images.length));
  return {
    autosize: 'pad',
    width: margin + cell * Math.min(perLine, longest),
    height: cell * lines,
    data: [
      {
        name: 'names',
        values: placed.map(({ name, line }) => ({ name, y: line * cell + (cell - GAP) / 2 })),
      },
      {
        name: 'images',
        values: await Promise.all(
          placed.flatMap(({ images, line }) =>
            images.map(async (picture, i) => ({
              x: margin + (i % perLine) * cell,
              y: (line + Math.floor(i / perLine)) * cell,
              width: picture.width * zoomOf(picture),
              height: picture.height * zoomOf(picture),
              url: await pictureUri(picture, strongest, zoomOf(picture)),
            })),
          ),
        ),
      },
    ],
    marks: [
      mark('text', 'names', {
        y: { field: 'y' },
        text: { field: 'name' },
        baseline: { value: 'middle' },
        fontSize: { value: 12 },
        fill: { value: ink },
      }),
      mark('image', 'images', { ...box, url: { field: 'url' }, smooth: { value: false } }),
      mark('rect', 'images', { ...box, stroke: { value: '#cccccc' } }),
    ],
    ...(weights.some(({ channels }) => channels === 1) && weightLegend(strongest)),
  };
}

const box = {
  x: { field: 'x' },
  y: { field: 'y' },
  width: { field: 'width' },
  height: { field: 'height' },
};

/** The first line of each row, and how many lines there are. */
function place(rows: ImageChart['rows'], perLine: number) {
  let lines = 0;
  const placed = rows.map((row) => {
    const line = lines;
    lines += Math.max(1, Math.ceil(row.images.length / perLine));
    return { ...row, line };
  });
  return { placed, lines };
}

function sideOf({ width, height }: Picture): number {
  return Math.max(width, height);
}

function zoomOf(picture: Picture): number {
  return Math.max(1, Math.round(SIZE / sideOf(picture)));
}

/** The absolute value that few weights exceed: a single strong one would make the others pale. */
function strongestOf(pictures: readonly Picture[]): number {
  const sizes = pictures
    .flatMap(({ data }) => Array.from(data, Math.abs))
    .filter((size) => size > 0)
    .sort((a, b) => a - b);
  return sizes[Math.floor(sizes.length * FULL_COLOR)] ?? 1;
}

function weightLegend(strongest: number): Pick<Spec, 'scales' | 'legends'> {
  return {
    scales: [
      {
        name: 'weight',
        type: 'linear',
        domain: [-strongest, 0, strongest],
        range: diverging.map((rgb) => `rgb(${rgb})`),
      },
    ],
    legends: [
      {
        orient: 'bottom',
        direction: 'horizontal',
        type: 'gradient',
        fill: 'weight',
        title: 'weight (beyond the ends: full colour)',
        gradientLength: 240,
        format: '.2~g',
        tickCount: 5,
      },
    ],
  };
}
