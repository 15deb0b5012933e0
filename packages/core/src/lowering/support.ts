import {
  type Call,
  type Condition,
  call,
  type PlannedBuffer,
  type PlannedRecord,
  record,
  sizes,
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
  /** What kernels read. */
  readonly header: PlannedRecord<'Support'>;
  readonly breakEven: BreakEven;
}

/** Plans the index of a (rows × columns) weight. */
export function planSupport(
  name: string,
  rows: number,
  columns: number,
  breakEven: BreakEven,
): SupportPlan {
  const largest = Math.max(breakEven.forward, breakEven.inputGradient, breakEven.weightGradient);
  const capacity = Math.ceil(Math.min(largest, 1) * rows * columns);
  const header = record(
    'Support',
    {
      rows,
      columns,
      capacity,
      activeRows: 0,
      nonZeros: 0,
      forwardByEntry: 0,
      inputGradientByEntry: 0,
      weightGradientByEntry: 0,
      order: words(`${name} order`, rows),
      counts: words(`${name} counts`, rows),
      starts: words(`${name} starts`, rows + 1),
      entries: words(`${name} entries`, capacity),
      values: words(`${name} values`, capacity),
      marks: words(`${name} marks`, 2 * rows * Math.ceil(columns / 64)),
    },
    `${name} support`,
  );
  return { header, breakEven };
}

/** Runs a call only while a pass goes by single entries (or by rows). */
export function when({ header }: SupportPlan, pass: Pass, by: 'entries' | 'rows'): Condition {
  return { record: header, field: `${pass}ByEntry`, equals: by === 'entries' ? 1 : 0 };
}

/** Marks the non-zeros of each row and counts them. */
export function countCall({ header: support }: SupportPlan, weight: PlannedBuffer): Call {
  return call('countRows', { support, weight }, tilesOf(support));
}

/** Rebuilds the index from marks and counts. */
export function indexCalls(
  { header: support, breakEven }: SupportPlan,
  weight: PlannedBuffer,
): Call[] {
  return [
    call(
      'supportIndex',
      {
        support,
        forwardBreakEven: breakEven.forward,
        inputGradientBreakEven: breakEven.inputGradient,
        weightGradientBreakEven: breakEven.weightGradient,
      },
      1,
    ),
    call('supportFill', { support, weight }, tilesOf(support)),
  ];
}

function tilesOf({ fields }: PlannedRecord<'Support'>): number {
  return Math.ceil(fields.rows / sizes.support.ROWS);
}

/** Multiplies the densities at which a pass changes its kernel. */
export function scaledBreakEven(breakEven: BreakEven, by: number): BreakEven {
  return {
    forward: by * breakEven.forward,
    inputGradient: by * breakEven.inputGradient,
    weightGradient: by * breakEven.weightGradient,
  };
}
