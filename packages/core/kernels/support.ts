// The index of the non-zero weights, rebuilt after every optimizer step: mark and count (in the
// optimizer), then `supportIndex` on one thread, then `supportFill` on all.

import { Reads, Updates } from './access';
import { marksOf, Support } from './layout';

/** Rows in one tile of `countRows` and `supportFill`. */
export const ROWS: i32 = 16;

@unmanaged
class CountRows {
  support: Updates<Support>;
  weight: Reads;
}

@unmanaged
class IndexSupport {
  support: Updates<Support>;
  /** Shares of the active rows' weights below which a pass runs on single entries. */
  forwardBreakEven: f32;
  inputGradientBreakEven: f32;
  weightGradientBreakEven: f32;
}

@unmanaged
class FillSupport {
  support: Updates<Support>;
  weight: Reads;
}

@unmanaged
class TransposeSupport {
  support: Support; // (outputs × (inputs · taps))
  transposed: Updates<Support>; // (inputs × (outputs · taps))
  taps: i32; // entries of a kernel
}

/** One bit for each of sixteen entries that is not zero. A NaN is not. */
// @inline
export function marksOfSixteen(a: v128, b: v128, c: v128, d: v128): i32 {
  const zero = f32x4.splat(0);
  const low = i16x8.narrow_i32x4_s(f32x4.ne(a, zero), f32x4.ne(b, zero));
  const high = i16x8.narrow_i32x4_s(f32x4.ne(c, zero), f32x4.ne(d, zero));
  return i8x16.bitmask(i8x16.narrow_i16x8_s(low, high));
}

/** Marks the non-zeros of a row whose weights begin at `weights`, and counts them. */
export function markRow(support: Support, row: i32, weights: usize): void {
  const columns = support.columns;
  let marks = marksOf(support, row);
  let count = 0;
  let column = 0;
  for (; column + 16 <= columns; column += 16, weights += 64, marks += 2) {
    const bits = marksOfSixteen(
      v128.load(weights),
      v128.load(weights, 16),
      v128.load(weights, 32),
      v128.load(weights, 48),
    );
    store<u16>(marks, <u16>bits);
    count += popcnt(bits);
  }
  let bits = 0;
  for (let bit = 1; column < columns; column++, weights += 4, bit <<= 1) {
    if (load<f32>(weights) !== 0) bits |= bit;
  }
  if (columns & 15) store<u16>(marks, <u16>bits);
  store<i32>(support.counts + <usize>(row << 2), count + popcnt(bits));
}

/** Marks and counts. A tile is ROWS rows. */
export function countRows(args: CountRows, tile: i32): void {
  const support = args.support;
  const columns = support.columns;
  const last = min((tile + 1) * ROWS, support.rows);
  for (let row = tile * ROWS; row < last; row++) {
    markRow(support, row, args.weight + <usize>((row * columns) << 2));
  }
}

/** From the counts: where each row starts, which rows are active, and which kernels pay. One tile. */
export function supportIndex(args: IndexSupport, _tile: i32): void {
  const support = args.support;
  const rows = support.rows;
  let nonZeros = 0;
  let active = 0;
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
    if (load<i32>(support.counts + <usize>(row << 2)) === 0)
      store<i32>(support.order + <usize>(at++ << 2), row);
  }
  const inRows = <f32>active * <f32>support.columns;
  const fits = nonZeros <= support.capacity;
  support.forwardByEntry = i32(fits && <f32>nonZeros < args.forwardBreakEven * inRows);
  support.inputGradientByEntry = i32(fits && <f32>nonZeros < args.inputGradientBreakEven * inRows);
  support.weightGradientByEntry = i32(
    fits && <f32>nonZeros < args.weightGradientBreakEven * inRows,
  );
}

/** Columns and values of the non-zeros, where any pass reads them. A tile is ROWS rows. */
export function supportFill(args: FillSupport, tile: i32): void {
  const support = args.support;
  const columns = support.columns;
  if (!(support.forwardByEntry | support.inputGradientByEntry | support.weightGradientByEntry))
    return;
  const last = min((tile + 1) * ROWS, support.rows);
  for (let row = tile * ROWS; row < last; row++) {
    if (load<i32>(support.counts + <usize>(row << 2)) > 0) {
      fillRow(support, args.weight + <usize>((row * columns) << 2), row);
    }
  }
}

function fillRow(support: Support, weights: usize, row: i32): void {
  let at = <usize>(load<i32>(support.starts + <usize>(row << 2)) << 2);
  let marks = marksOf(support, row);
  const columns = support.columns;
  for (let column = 0; column < columns; column += 64, marks += 8) {
    for (let bits = load<u64>(marks); bits; bits &= bits - 1, at += 4) {
      const hit = column + <i32>ctz(bits);
      store<i32>(support.entries + at, hit);
      store<f32>(support.values + at, load<f32>(weights + <usize>(hit << 2)));
    }
  }
}

/**
 * The index of a convolution's weight by input channel, for its gradient to the input. Column o · taps + t
 * of row i is entry (o, i, t). One tile: a counting sort.
 */
export function supportTranspose(args: TransposeSupport, _tile: i32): void {
  const support = args.support;
  const transposed = args.transposed;
  const taps = args.taps;
  if (!support.inputGradientByEntry) return;
  const starts = transposed.starts;
  const inputs = transposed.rows;
  memory.fill(starts, 0, (<usize>(inputs + 1)) << 2);
  // Counts, one place further on, then sums: starts[i] is where row i begins.
  for (let at: usize = 0; at < (<usize>support.nonZeros) << 2; at += 4) {
    const place = starts + <usize>((load<i32>(support.entries + at) / taps + 1) << 2);
    store<i32>(place, load<i32>(place) + 1);
  }
  for (let i = 0; i < inputs; i++) {
    const place = starts + <usize>(i << 2);
    store<i32>(place, load<i32>(place, 4) + load<i32>(place), 4);
  }
  // Filling moves each start to the next row's; they are moved back at the end.
  for (let row = 0; row < support.rows; row++) {
    let at = (<usize>load<i32>(support.starts + <usize>(row << 2))) << 2;
    const end = (<usize>load<i32>(support.starts + <usize>(row << 2), 4)) << 2;
    for (; at < end; at += 4) {
      const column = load<i32>(support.entries + at);
      const input = column / taps;
      const place = starts + <usize>(input << 2);
      const to = (<usize>load<i32>(place)) << 2;
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
