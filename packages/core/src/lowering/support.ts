import {
  type Call,
  type Condition,
  call,
  type PlannedBuffer,
  record,
  words,
} from '../engine/index.js';
import { number, type Output, object } from '../schema/index.js';

const share = number(0);

/** The passes that choose between kernels, each with its break-even, a density. */
export const breakEvenSchema = object({
  forward: share,
  inputGradient: share,
  weightGradient: share,
});

/**
 * Per pass, the density of the active rows below which the kernels over single entries are faster
 * than those over whole rows. Stored with a run: the choice decides the order of sums, and with it
 * the last bits.
 */
export type BreakEven = Readonly<Output<typeof breakEvenSchema>>;

/**
 * A little below the densities at which both take the same time (0.45 to 0.55, `bench/linear.ts`), for
 * an index of single entries costs memory.
 */
export const defaultBreakEven: BreakEven = {
  forward: 0.4,
  inputGradient: 0.4,
  weightGradient: 0.4,
};

/** The passes of a layer, each with its own choice of kernel. */
export type Pass = keyof BreakEven;

/** The index of a weight's non-zeros, in memory that follows their number up to the break-even. */
export interface SupportPlan {
  /** The record that kernels read: `Support` of kernels/layout.ts. */
  readonly header: PlannedBuffer;
  readonly counts: PlannedBuffer;
  /** Non-zeros that it has room for. */
  readonly capacity: number;
  readonly breakEven: BreakEven;
}

/** Words of the header. */
const Header = {
  rows: 0,
  columns: 1,
  capacity: 2,
  activeRows: 3,
  nonZeros: 4,
  forward: 5,
  inputGradient: 6,
  weightGradient: 7,
} as const;

/** Rows that one tile of `countRows` and `supportFill` covers. */
const ROWS_PER_TILE = 16;

/** Plans the index of a (rows × columns) weight. */
export function planSupport(
  name: string,
  rows: number,
  columns: number,
  breakEven: BreakEven,
): SupportPlan {
  const largest = Math.max(breakEven.forward, breakEven.inputGradient, breakEven.weightGradient);
  const capacity = Math.ceil(Math.min(largest, 1) * rows * columns);
  const counts = words(`${name} counts`, rows);
  const header = record(`${name} support`, [
    ...[rows, columns, capacity],
    ...[0, 0, 0, 0, 0],
    words(`${name} order`, rows),
    counts,
    words(`${name} starts`, rows + 1),
    words(`${name} entries`, capacity),
    words(`${name} values`, capacity),
    words(`${name} marks`, 2 * rows * Math.ceil(columns / 64)),
  ]);
  return { header, counts, capacity, breakEven };
}

/** Runs a call only while a pass goes by single entries (or by rows). */
export function when(support: SupportPlan, pass: Pass, by: 'entries' | 'rows'): Condition {
  return { buffer: support.header, word: Header[pass], equals: by === 'entries' ? 1 : 0 };
}

/** Marks the non-zeros of each row and counts them. */
export function countCall(support: SupportPlan, weight: PlannedBuffer): Call {
  const tiles = Math.ceil((support.counts.bytes >> 2) / ROWS_PER_TILE);
  return call('countRows', { support: support.header, weight }, tiles);
}

/** Rebuilds the index from marks and counts. */
export function indexCalls(support: SupportPlan, weight: PlannedBuffer): Call[] {
  const { header, breakEven } = support;
  const tiles = Math.ceil((support.counts.bytes >> 2) / ROWS_PER_TILE);
  return [
    call(
      'supportIndex',
      {
        support: header,
        forwardBreakEven: breakEven.forward,
        inputGradientBreakEven: breakEven.inputGradient,
        weightGradientBreakEven: breakEven.weightGradient,
      },
      1,
    ),
    call('supportFill', { support: header, weight }, tiles),
  ];
}

/** Reads the number of non-zeros off a header's memory. */
export function nonZerosOf(header: Int32Array): number {
  return header[Header.nonZeros];
}

/** Reads the number of rows that hold a non-zero off a header's memory. */
export function activeRowsOf(header: Int32Array): number {
  return header[Header.activeRows];
}

/** Multiplies the densities at which a pass changes its kernel. */
export function scaledBreakEven(breakEven: BreakEven, by: number): BreakEven {
  return {
    forward: by * breakEven.forward,
    inputGradient: by * breakEven.inputGradient,
    weightGradient: by * breakEven.weightGradient,
  };
}
