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
