import type { Config } from 'vega';
import type { Series } from './chart.js';

/** Okabe and Ito's colours, which people with colour vision deficiencies tell apart. */
const palette = [
  '#0072b2',
  '#d55e00',
  '#009e73',
  '#cc79a7',
  '#e69f00',
  '#56b4e9',
  '#555555',
] as const;

/** About the width of a letter of a label, in pixels. */
export const LETTER = 7;

const shapes = ['circle', 'square', 'triangle-up', 'diamond', 'triangle-down', 'cross'] as const;

/** The colour of text. */
export const ink = '#222222';
/** The typefaces of text. */
export const font = 'Helvetica, Arial, sans-serif';
const grey = '#888888';

/** Of axes and legends alike. */
const labels = {
  aria: false,
  labelFont: font,
  labelColor: ink,
  labelFontSize: 12,
  labelLimit: 0,
  titleFont: font,
  titleColor: ink,
  titleFontWeight: 'normal',
} as const;

/** How all charts look. */
export const config: Config = {
  text: { font },
  axis: {
    ...labels,
    domainColor: grey,
    tickColor: grey,
    gridColor: '#e6e6e6',
    titleFontSize: 13,
    titlePadding: 10,
  },
  legend: { ...labels, titleFontSize: 12, titleLimit: 0 },
};

/** How one series looks. */
export interface Look {
  readonly color: string;
  /** Of symbols: hollow ones are white. */
  readonly fill: string;
  readonly shape: string;
  readonly width: number;
  /** Null: an unbroken line. */
  readonly dash: readonly number[] | null;
}

/** A look for each series: colours in order, again with dots when they run out. */
export function looksOf(series: readonly Series[]): Look[] {
  const names = series.map(({ name }) => name);
  const own = series.filter(({ colorOf }) => !names.includes(colorOf ?? ''));
  return series.map((each) => {
    const { isReference = false, colorOf } = each;
    const turn = own.indexOf(own.find(({ name }) => name === colorOf) ?? each);
    const isRepeated = turn >= palette.length;
    const color = palette[turn % palette.length];
    return {
      color,
      fill: isReference ? 'white' : color,
      shape: shapes[turn % shapes.length],
      width: own.includes(each) ? 2 : isReference ? 1.6 : 1.2,
      dash: isReference ? [6, 4] : isRepeated ? [1, 2] : null,
    };
  });
}
