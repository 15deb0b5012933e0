/** Charts as plain data. What does not follow from the data, such as colours, is the renderer's. */

/** What is measured along an axis, with its unit. */
export interface Axis {
  readonly label: string;
  /** On a logarithmic axis what is not positive is left out. */
  readonly scale?: 'linear' | 'log';
  /** Values are shares, written as per cent. */
  readonly percent?: boolean;
}

/** A point; one whose `x` or `y` is no finite number is missing. */
export interface Point {
  readonly x: number;
  readonly y: number;
  /** A band around y: mean minus and plus one standard deviation. */
  readonly low?: number;
  readonly high?: number;
  /** Written beside the point. */
  readonly label?: string;
}

/** Points that belong together, in the order in which a line joins them. */
export interface Series {
  readonly name: string;
  readonly points: readonly Point[];
  /** Somebody else's figures: the paper's, the reference's. */
  readonly isReference?: boolean;
  /** The series whose colour this one shares, drawn thinner: training beside validation. */
  readonly colorOf?: string;
}

/** A chart. */
export type Chart = LineChart | PointChart | Heatmap | BarChart | ImageChart;

/** Lines, with bands where points have them; references dashed. */
export interface LineChart {
  readonly kind: 'lines';
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
}

/** Points, such as accuracy against density; references hollow. */
export interface PointChart {
  readonly kind: 'points';
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
}

/** A table of colours, such as the density of each layer after each epoch. */
export interface Heatmap {
  readonly kind: 'heatmap';
  readonly x: Axis;
  /** From top to bottom. */
  readonly rows: readonly string[];
  readonly columns: readonly number[];
  /** One list a row; what is no finite number is left grey. */
  readonly values: readonly (readonly number[])[];
  readonly value: Axis;
}

/** Bars side by side, such as the rows alive in each layer. */
export interface BarChart {
  readonly kind: 'bars';
  readonly y: Axis;
  readonly groups: readonly string[];
  /** One value a group. */
  readonly series: readonly { readonly name: string; readonly values: readonly number[] }[];
}

/** Pictures in rows; a row that is too long goes on in the next line. */
export interface ImageChart {
  readonly kind: 'images';
  readonly rows: readonly { readonly name: string; readonly images: readonly Picture[] }[];
}

/** A picture. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  /** (height, width) or (height, width, 3); 0 to 1, or, if diverging, around 0. */
  readonly data: Float32Array;
  /** Weights: 0 is white (in colour, grey); all such pictures of a chart share one scale. */
  readonly isDiverging?: boolean;
}

/** A chart with a name (of its file) and a caption. */
export interface Figure {
  readonly name: string;
  readonly caption: string;
  readonly chart: Chart;
}
