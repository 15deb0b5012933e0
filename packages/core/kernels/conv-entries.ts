// Convolutions over single non-zero weights.

import { Reads, Writes } from './access';
import { inputAt, outputAt, POSITION_BYTES, placePositions, Sweep } from './conv';
import { Batch, LINE, LINE_SHIFT, Support, scratch } from './layout';
import { madd, sumPairs } from './simd';

@unmanaged
class ConvEntries {
  batch: Batch;
  sweep: Sweep;
  support: Support;
  input: Reads;
  bias: Reads; // 0: none
  output: Writes;
  accumulate: i32; // 1: add to what the output holds
}

@unmanaged
class ConvEntriesWeightGradient {
  batch: Batch;
  sweep: Sweep;
  support: Support;
  input: Reads;
  outputGradient: Reads;
  partials: Writes; // f32[blocks][capacity]
}

@unmanaged
class FoldPartials {
  batch: Batch;
  support: Support;
  partials: Reads;
  weightGradient: Writes; // dense; written on the support only
}

/** What a tile keeps for each row, and for each non-zero of the row under work. */
export const CURSOR_BYTES: usize = 4;
export const NON_ZERO_BYTES: usize = 8;

/**
 * The scratch memory of a tile: its positions, for each row how far its non-zeros have been worked
 * off, and the list of those under work: (byte offset, weight) each.
 */
// @inline
function cursors(): usize {
  return scratch() + POSITION_BYTES;
}

// @inline
function listStart(support: Support): usize {
  return cursors() + <usize>((support.rows + 1) & ~1) * CURSOR_BYTES;
}

/** Sets all rows to their first non-zero. */
function beginRows(support: Support): void {
  memory.copy(cursors(), support.starts, (<usize>support.rows) << 2);
}

/** The first of a row's non-zeros, from its cursor on, that lies beyond a piece's columns. */
function endOfPiece(support: Support, row: i32, endColumn: i32): i32 {
  let at = load<i32>(cursors() + <usize>row * CURSOR_BYTES);
  const end = load<i32>(support.starts + <usize>(row << 2), 4);
  if (endColumn >= support.columns) return end;
  while (at < end && load<i32>(support.entries + <usize>(at << 2)) < endColumn) at++;
  return at;
}

/** Lists a row's non-zeros of a piece that the sweep visits, and returns the list's end. */
function listPiece(support: Support, row: i32, taps: usize, endColumn: i32): usize {
  const cursor = cursors() + <usize>row * CURSOR_BYTES;
  const endOfRow = endOfPiece(support, row, endColumn);
  let at = <usize>(load<i32>(cursor) << 2);
  const end = <usize>(endOfRow << 2);
  store<i32>(cursor, endOfRow);
  let list = listStart(support);
  for (; at < end; at += 4) {
    const line = load<i32>(taps + <usize>(load<i32>(support.entries + at) << 2));
    if (line < 0) continue;
    store<i32>(list, line << LINE_SHIFT);
    store<f32>(list, load<f32>(support.values + at), 4);
    list += NON_ZERO_BYTES;
  }
  return list;
}

/**
 * A tile is a strip of one block, all output channels. It walks through the input channels in pieces
 * that stay in the cache while all output channels read them.
 */
export function convEntries(args: ConvEntries, tile: i32): void {
  const sweep = args.sweep;
  const support = args.support;
  const block = tile / sweep.tilesPerBlock;
  const strip = tile % sweep.tilesPerBlock;
  const count = placePositions(sweep, strip);
  const input = args.input + ((<usize>(block * sweep.inputBlock)) << LINE_SHIFT);
  const outputs = args.output + ((<usize>(block * sweep.outputBlock)) << LINE_SHIFT);
  beginRows(support);
  for (let column = 0; column < support.columns; column += sweep.pieceColumns) {
    const accumulate = args.accumulate !== 0 || column > 0;
    let output = outputs;
    for (let row = 0; row < support.rows; row++) {
      const end = listPiece(support, row, sweep.taps, column + sweep.pieceColumns);
      const bias = args.bias ? v128.load32_splat(args.bias + <usize>(row << 2)) : f32x4.splat(0);
      if (!accumulate || end > listStart(support)) {
        sweepRow(listStart(support), end, accumulate, bias, count, input, output);
      }
      output += (<usize>sweep.outputPlane) << LINE_SHIFT;
    }
  }
}

/** One output channel over the positions of a strip. */
// @inline
function sweepRow(
  list: usize,
  end: usize,
  accumulate: bool,
  bias: v128,
  count: i32,
  input: usize,
  output: usize,
): void {
  for (let at = 0; at < count; at += 3) {
    const second = min(at + 1, count - 1);
    const third = min(at + 2, count - 1);
    threePositions(
      list,
      end,
      accumulate,
      bias,
      input + inputAt(at),
      input + inputAt(second),
      input + inputAt(third),
      output + outputAt(at),
      output + outputAt(second),
      output + outputAt(third),
    );
  }
}

/** Three positions of one channel: twelve accumulators over the list of non-zeros. */
function threePositions(
  list: usize,
  end: usize,
  accumulate: bool,
  bias: v128,
  in0: usize,
  in1: usize,
  in2: usize,
  out0: usize,
  out1: usize,
  out2: usize,
): void {
  let a0 = bias;
  let a1 = bias;
  let a2 = bias;
  let a3 = bias;
  let b0 = bias;
  let b1 = bias;
  let b2 = bias;
  let b3 = bias;
  let c0 = bias;
  let c1 = bias;
  let c2 = bias;
  let c3 = bias;
  if (accumulate) {
    a0 = v128.load(out0);
    a1 = v128.load(out0, 16);
    a2 = v128.load(out0, 32);
    a3 = v128.load(out0, 48);
    b0 = v128.load(out1);
    b1 = v128.load(out1, 16);
    b2 = v128.load(out1, 32);
    b3 = v128.load(out1, 48);
    c0 = v128.load(out2);
    c1 = v128.load(out2, 16);
    c2 = v128.load(out2, 32);
    c3 = v128.load(out2, 48);
  }
  for (; list < end; list += NON_ZERO_BYTES) {
    const offset = <usize>load<i32>(list);
    const w = v128.load32_splat(list, 4);
    let x = in0 + offset;
    a0 = madd(w, v128.load(x), a0);
    a1 = madd(w, v128.load(x, 16), a1);
    a2 = madd(w, v128.load(x, 32), a2);
    a3 = madd(w, v128.load(x, 48), a3);
    x = in1 + offset;
    b0 = madd(w, v128.load(x), b0);
    b1 = madd(w, v128.load(x, 16), b1);
    b2 = madd(w, v128.load(x, 32), b2);
    b3 = madd(w, v128.load(x, 48), b3);
    x = in2 + offset;
    c0 = madd(w, v128.load(x), c0);
    c1 = madd(w, v128.load(x, 16), c1);
    c2 = madd(w, v128.load(x, 32), c2);
    c3 = madd(w, v128.load(x, 48), c3);
  }
  v128.store(out0, a0);
  v128.store(out0, a1, 16);
  v128.store(out0, a2, 32);
  v128.store(out0, a3, 48);
  v128.store(out1, b0);
  v128.store(out1, b1, 16);
  v128.store(out1, b2, 32);
  v128.store(out1, b3, 48);
  v128.store(out2, c0);
  v128.store(out2, c1, 16);
  v128.store(out2, c2, 32);
  v128.store(out2, c3, 48);
}

/** The gradient on the support, block by block. A tile is one block. */
export function convEntriesWeightGradient(args: ConvEntriesWeightGradient, tile: i32): void {
  const sweep = args.sweep;
  const support = args.support;
  const partials = args.partials + ((<usize>tile * <usize>support.capacity) << 2);
  memory.fill(partials, 0, (<usize>support.nonZeros) << 2);
  const input = args.input + ((<usize>(tile * sweep.inputBlock)) << LINE_SHIFT);
  const output = args.outputGradient + ((<usize>(tile * sweep.outputBlock)) << LINE_SHIFT);
  for (let y = 0; y < sweep.height; y += sweep.rowsPerTile) {
    const height = min(sweep.rowsPerTile, sweep.height - y);
    const x = input + ((<usize>(sweep.inputStart + y * sweep.inputStepY)) << LINE_SHIFT);
    beginRows(support);
    for (let column = 0; column < support.columns; column += sweep.pieceColumns) {
      let gradient = output + ((<usize>(sweep.outputStart + y * sweep.outputStepY)) << LINE_SHIFT);
      for (let row = 0; row < support.rows; row++) {
        const cursor = cursors() + <usize>row * CURSOR_BYTES;
        const end = endOfPiece(support, row, column + sweep.pieceColumns);
        for (let at = load<i32>(cursor); at < end; at += 4) {
          gradientOfFour(sweep, support, at, end, height, x, gradient, partials);
        }
        store<i32>(cursor, end);
        gradient += (<usize>sweep.outputPlane) << LINE_SHIFT;
      }
    }
  }
}

/** Byte offset of a non-zero's line, of the row's last one where `at` runs past the end. */
// @inline
function lineOf(sweep: Sweep, support: Support, at: i32, end: i32): usize {
  const column = load<i32>(support.entries + <usize>(min(at, end - 1) << 2));
  return <usize>(load<i32>(sweep.taps + <usize>(column << 2)) << LINE_SHIFT);
}

/**
 * Adds to the partial gradients of four non-zeros of one row what a strip of so many rows of positions gives.
 * `input` and `gradient` are its first lines.
 */
function gradientOfFour(
  sweep: Sweep,
  support: Support,
  at: i32,
  end: i32,
  height: i32,
  input: usize,
  gradient: usize,
  partials: usize,
): void {
  const first = lineOf(sweep, support, at, end);
  const second = lineOf(sweep, support, at + 1, end) - first;
  const third = lineOf(sweep, support, at + 2, end) - first;
  const fourth = lineOf(sweep, support, at + 3, end) - first;
  const rowBytes = (<usize>sweep.width) << LINE_SHIFT;
  const step = (<usize>sweep.inputStepX) << LINE_SHIFT;
  const zero = f32x4.splat(0);
  let a = zero;
  let b = zero;
  let c = zero;
  let d = zero;
  let e = zero;
  let f = zero;
  let g = zero;
  let h = zero;
  const inputBytes = (<usize>sweep.inputStepY) << LINE_SHIFT;
  const outputBytes = (<usize>sweep.outputStepY) << LINE_SHIFT;
  input += first;
  for (; height > 0; height--, input += inputBytes, gradient += outputBytes) {
    let x0 = input;
    for (let y = gradient; y < gradient + rowBytes; y += LINE, x0 += step) {
      const x1 = x0 + second;
      const x2 = x0 + third;
      const x3 = x0 + fourth;
      let y0 = v128.load(y);
      let y1 = v128.load(y, 16);
      a = madd(y0, v128.load(x0), a);
      e = madd(y1, v128.load(x0, 16), e);
      b = madd(y0, v128.load(x1), b);
      f = madd(y1, v128.load(x1, 16), f);
      c = madd(y0, v128.load(x2), c);
      g = madd(y1, v128.load(x2, 16), g);
      d = madd(y0, v128.load(x3), d);
      h = madd(y1, v128.load(x3, 16), h);
      y0 = v128.load(y, 32);
      y1 = v128.load(y, 48);
      a = madd(y0, v128.load(x0, 32), a);
      e = madd(y1, v128.load(x0, 48), e);
      b = madd(y0, v128.load(x1, 32), b);
      f = madd(y1, v128.load(x1, 48), f);
      c = madd(y0, v128.load(x2, 32), c);
      g = madd(y1, v128.load(x2, 48), g);
      d = madd(y0, v128.load(x3, 32), d);
      h = madd(y1, v128.load(x3, 48), h);
    }
  }
  const sums = sumPairs(scratch(), a, e, b, f, c, g, d, h);
  const to = partials + <usize>(at << 2);
  addTo(to, f32x4.extract_lane(sums, 0));
  if (at + 1 < end) addTo(to + 4, f32x4.extract_lane(sums, 1));
  if (at + 2 < end) addTo(to + 8, f32x4.extract_lane(sums, 2));
  if (at + 3 < end) addTo(to + 12, f32x4.extract_lane(sums, 3));
}

// @inline
function addTo(at: usize, value: f32): void {
  store<f32>(at, load<f32>(at) + value);
}

/** Rows of the weight in one tile of `foldPartials`. */
export const ROWS: i32 = 32;

/** Sums the blocks' partial gradients, in order, into the dense gradient. A tile is ROWS rows. */
export function foldPartials(args: FoldPartials, tile: i32): void {
  const support = args.support;
  const blocks = args.batch.blocks;
  const last = min((tile + 1) * ROWS, support.rows);
  const stride = (<usize>support.capacity) << 2;
  for (let row = tile * ROWS; row < last; row++) {
    let at = <usize>(load<i32>(support.starts + <usize>(row << 2)) << 2);
    const end = <usize>(load<i32>(support.starts + <usize>(row << 2), 4) << 2);
    const gradient = args.weightGradient + ((<usize>(row * support.columns)) << 2);
    for (; at < end; at += 4) {
      let total: f32 = 0;
      let partial = args.partials + at;
      for (let b = 0; b < blocks; b++, partial += stride) total += load<f32>(partial);
      store<f32>(gradient + <usize>(load<i32>(support.entries + at) << 2), total);
    }
  }
}
