// The index of the non-zero weights, rebuilt after every optimizer step: count (in the optimizer),
// then `supportIndex` on one thread, then `supportFill` on all.

import { Support } from './layout';

/** Rows in one tile of `countRows` and `supportFill`. */
const ROWS: i32 = 32;

@unmanaged
class CountRows {
  support: Support;
  weight: usize;
}

@unmanaged
class IndexSupport {
  support: Support;
  /** Shares of the active rows' weights below which a pass runs on single entries. */
  forwardBreakEven: f32;
  inputGradientBreakEven: f32;
  weightGradientBreakEven: f32;
}

@unmanaged
class FillSupport {
  support: Support;
  weight: usize;
}

@unmanaged
class TransposeSupport {
  support: Support; // (outputs × (inputs · taps))
  transposed: Support; // (inputs × (outputs · taps))
  taps: i32; // entries of a kernel
}

/** Non-zeros among `count` floats. A NaN counts. */
export function countNonZeros(from: usize, count: i32): i32 {
  const end = from + <usize>(count << 2), endOfFours = end - <usize>((count & 3) << 2);
  let zeros = i32x4.splat(0);
  for (; from < endOfFours; from += 16) {
    zeros = i32x4.add(zeros, f32x4.eq(v128.load(from), f32x4.splat(0)));
  }
  let nonZeros = count + i32x4.extract_lane(zeros, 0) + i32x4.extract_lane(zeros, 1)
    + i32x4.extract_lane(zeros, 2) + i32x4.extract_lane(zeros, 3);
  for (; from < end; from += 4) {
    if (load<f32>(from) == 0) nonZeros--;
  }
  return nonZeros;
}

/** counts[row]. A tile is ROWS rows. */
export function countRows(args: CountRows, tile: i32): void {
  const support = args.support, columns = support.columns;
  const last = min((tile + 1) * ROWS, support.rows);
  for (let row = tile * ROWS; row < last; row++) {
    const count = countNonZeros(args.weight + <usize>(row * columns << 2), columns);
    store<i32>(support.counts + <usize>(row << 2), count);
  }
}

/** From the counts: where each row starts, which rows are active, and which kernels pay. One tile. */
export function supportIndex(args: IndexSupport, tile: i32): void {
  const support = args.support, rows = support.rows;
  let nonZeros = 0, active = 0;
  for (let row = 0; row < rows; row++) {
    const count = load<i32>(support.counts + <usize>(row << 2));
    store<i32>(support.starts + <usize>(row << 2), nonZeros);
    nonZeros += count;
    if (count > 0) store<i32>(support.order + <usize>(active++ << 2), row);
  }
  store<i32>(support.starts + <usize>(rows << 2), nonZeros);
  support.nonZeros = nonZeros;
  support.activeRows = active;
  for (let row = 0, at = active; row < rows; row++) {
    if (load<i32>(support.counts + <usize>(row << 2)) == 0) store<i32>(support.order + <usize>(at++ << 2), row);
  }
  const inRows = <f32>active * <f32>support.columns, fits = nonZeros <= support.capacity;
  support.forwardByEntry = i32(fits && <f32>nonZeros < args.forwardBreakEven * inRows);
  support.inputGradientByEntry = i32(fits && <f32>nonZeros < args.inputGradientBreakEven * inRows);
  support.weightGradientByEntry = i32(fits && <f32>nonZeros < args.weightGradientBreakEven * inRows);
}

/** Columns and values of the non-zeros, where any pass reads them. A tile is ROWS rows. */
export function supportFill(args: FillSupport, tile: i32): void {
  const support = args.support, columns = support.columns;
  if (!(support.forwardByEntry | support.inputGradientByEntry | support.weightGradientByEntry)) return;
  const last = min((tile + 1) * ROWS, support.rows);
  for (let row = tile * ROWS; row < last; row++) {
    if (load<i32>(support.counts + <usize>(row << 2)) > 0) {
      fillRow(support, args.weight + <usize>(row * columns << 2), row);
    }
  }
}

function fillRow(support: Support, weights: usize, row: i32): void {
  const columns = support.columns;
  let at = <usize>(load<i32>(support.starts + <usize>(row << 2)) << 2);
  const zero = f32x4.splat(0);
  let column = 0;
  for (; column + 4 <= columns; column += 4) {
    let mask = i32x4.bitmask(f32x4.ne(v128.load(weights + <usize>(column << 2)), zero));
    for (; mask; mask &= mask - 1, at += 4) {
      const hit = column + ctz(mask);
      store<i32>(support.entries + at, hit);
      store<f32>(support.values + at, load<f32>(weights + <usize>(hit << 2)));
    }
  }
  for (; column < columns; column++) {
    const value = load<f32>(weights + <usize>(column << 2));
    if (value != 0) {
      store<i32>(support.entries + at, column);
      store<f32>(support.values + at, value);
      at += 4;
    }
  }
}

/**
 * The index of a convolution's weight by input channel, for its gradient to the input. Column o · taps + t
 * of row i is entry (o, i, t). One tile: a counting sort.
 */
export function supportTranspose(args: TransposeSupport, tile: i32): void {
  const support = args.support, transposed = args.transposed, taps = args.taps;
  if (!support.inputGradientByEntry) return;
  const starts = transposed.starts, inputs = transposed.rows;
  memory.fill(starts, 0, <usize>(inputs + 1) << 2);
  // Counts, one place further on, then sums: starts[i] is where row i begins.
  for (let at: usize = 0; at < <usize>support.nonZeros << 2; at += 4) {
    const place = starts + <usize>((load<i32>(support.entries + at) / taps + 1) << 2);
    store<i32>(place, load<i32>(place) + 1);
  }
  for (let i = 0; i < inputs; i++) {
    const place = starts + <usize>(i << 2);
    store<i32>(place, load<i32>(place, 4) + load<i32>(place), 4);
  }
  // Filling moves each start to the next row's; they are moved back at the end.
  for (let row = 0; row < support.rows; row++) {
    let at = <usize>load<i32>(support.starts + <usize>(row << 2)) << 2;
    const end = <usize>load<i32>(support.starts + <usize>(row << 2), 4) << 2;
    for (; at < end; at += 4) {
      const column = load<i32>(support.entries + at), input = column / taps;
      const place = starts + <usize>(input << 2);
      const to = <usize>load<i32>(place) << 2;
      store<i32>(place, load<i32>(place) + 1);
      store<i32>(transposed.entries + to, row * taps + column - input * taps);
      store<f32>(transposed.values + to, load<f32>(support.values + at));
    }
  }
  for (let i = inputs; i > 0; i--) {
    const place = starts + <usize>(i << 2);
    store<i32>(place, load<i32>(place - 4));
  }
  store<i32>(starts, 0);
}
