// Linear layers over whole rows of the weight: all of them (dense) or the active ones (row-sparse).
// Where a matrix does not divide by six the last row is repeated, and its bits are written twice.

import { Reads, Writes } from './access';
import {
  Batch,
  blockWeight,
  endBlock,
  fillLine,
  firstBlock,
  LINE,
  LINE_SHIFT,
  Scope,
  Support,
  scratch,
} from './layout';
import { entryOf, SIX, sixByEight } from './panel';
import { madd, sumLanes } from './simd';

/** Rows (or columns) of the weight that one tile packs and multiplies. */
export const PANEL: i32 = 24;
/** Depth of a packed panel, such that PANEL × DEPTH floats stay in the second-level cache. */
const DEPTH: i32 = 1024;

@unmanaged
class LinearForward {
  batch: Batch;
  support: Support;
  input: Reads;
  weight: Reads;
  bias: Reads; // 0: none
  output: Writes;
}

@unmanaged
class LinearInputGradient {
  batch: Batch;
  support: Support;
  weight: Reads;
  outputGradient: Reads;
  inputGradient: Writes;
  accumulate: i32; // 1: add to what the input's gradient holds
}

@unmanaged
class LinearWeightGradient {
  batch: Batch;
  support: Support;
  input: Reads;
  outputGradient: Reads;
  weightGradient: Writes;
  scope: Scope;
  columnsPerTile: i32;
}

/** Packs six rows: panel[k][r] = weight[row r][from + k]. */
function packRows(args: LinearForward, at: i32, from: i32, depth: i32, panel: usize): void {
  const order = args.support.order;
  const active = args.support.activeRows;
  const stride = (<usize>args.support.columns) << 2;
  const start = args.weight + <usize>(from << 2);
  let row0 = start + <usize>entryOf(order, at, active) * stride;
  let row1 = start + <usize>entryOf(order, at + 1, active) * stride;
  let row2 = start + <usize>entryOf(order, at + 2, active) * stride;
  let row3 = start + <usize>entryOf(order, at + 3, active) * stride;
  let row4 = start + <usize>entryOf(order, at + 4, active) * stride;
  let row5 = start + <usize>entryOf(order, at + 5, active) * stride;
  const end = panel + <usize>(depth * SIX * 4);
  const endOfFours = end - <usize>((depth & 3) * SIX * 4);
  for (; panel < endOfFours; panel += 4 * SIX * 4) {
    packFourColumns(panel, v128.load(row0), v128.load(row1), v128.load(row2), v128.load(row3));
    const left = v128.load(row4);
    const right = v128.load(row5);
    const low = v128.shuffle<f32>(left, right, 0, 4, 1, 5);
    const high = v128.shuffle<f32>(left, right, 2, 6, 3, 7);
    v128.store64_lane(panel, low, 0, 16);
    v128.store64_lane(panel, low, 1, 40);
    v128.store64_lane(panel, high, 0, 64);
    v128.store64_lane(panel, high, 1, 88);
    row0 += 16;
    row1 += 16;
    row2 += 16;
    row3 += 16;
    row4 += 16;
    row5 += 16;
  }
  for (; panel < end; panel += SIX * 4) {
    store<f32>(panel, load<f32>(row0));
    store<f32>(panel, load<f32>(row1), 4);
    store<f32>(panel, load<f32>(row2), 8);
    store<f32>(panel, load<f32>(row3), 12);
    store<f32>(panel, load<f32>(row4), 16);
    store<f32>(panel, load<f32>(row5), 20);
    row0 += 4;
    row1 += 4;
    row2 += 4;
    row3 += 4;
    row4 += 4;
    row5 += 4;
  }
}

/** Writes a transposed four by four to the first four places of four consecutive panel lines. */
// @inline
function packFourColumns(panel: usize, a: v128, b: v128, c: v128, d: v128): void {
  const ab01 = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
  const ab23 = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
  const cd01 = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
  const cd23 = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
  v128.store(panel, v128.shuffle<f32>(ab01, cd01, 0, 1, 4, 5));
  v128.store(panel, v128.shuffle<f32>(ab01, cd01, 2, 3, 6, 7), 24);
  v128.store(panel, v128.shuffle<f32>(ab23, cd23, 0, 1, 4, 5), 48);
  v128.store(panel, v128.shuffle<f32>(ab23, cd23, 2, 3, 6, 7), 72);
}

/** Y = W X + b. A tile is PANEL rows over the whole batch; rows without a non-zero get the bias alone. */
export function linearForward(args: LinearForward, tile: i32): void {
  const support = args.support;
  const columns = support.columns;
  const active = support.activeRows;
  const blocks = args.batch.blocks;
  const inputBlock = <usize>columns * LINE;
  const outputBlock = <usize>support.rows * LINE;
  const first = tile * PANEL;
  const last = min(first + PANEL, support.rows);
  for (let at = first; at < last; at++) {
    const row = <usize>entryOf(support.order, at, support.rows);
    const bias = args.bias ? v128.load32_splat(args.bias + (row << 2)) : f32x4.splat(0);
    for (let b = 0; b < blocks; b++) {
      fillLine(args.output + <usize>b * outputBlock + row * LINE, bias);
    }
  }
  for (let from = 0; from < columns; from += DEPTH) {
    const depth = min(DEPTH, columns - from);
    const panelBytes = <usize>(depth * SIX * 4);
    let panel = scratch();
    for (let at = first; at < min(last, active); at += SIX, panel += panelBytes) {
      packRows(args, at, from, depth, panel);
    }
    for (let b = 0; b < blocks; b++) {
      const line = args.input + <usize>b * inputBlock + <usize>from * LINE;
      const output = args.output + <usize>b * outputBlock;
      panel = scratch();
      for (let at = first; at < min(last, active); at += SIX, panel += panelBytes) {
        forwardSix(support, at, panel, line, depth, output);
      }
    }
  }
}

/** Six rows by one block of sixteen samples. */
function forwardSix(
  support: Support,
  at: i32,
  panel: usize,
  line: usize,
  depth: i32,
  output: usize,
): void {
  const order = support.order;
  const active = support.activeRows;
  const out0 = output + <usize>(entryOf(order, at, active) << LINE_SHIFT);
  const out1 = output + <usize>(entryOf(order, at + 1, active) << LINE_SHIFT);
  const out2 = output + <usize>(entryOf(order, at + 2, active) << LINE_SHIFT);
  const out3 = output + <usize>(entryOf(order, at + 3, active) << LINE_SHIFT);
  const out4 = output + <usize>(entryOf(order, at + 4, active) << LINE_SHIFT);
  const out5 = output + <usize>(entryOf(order, at + 5, active) << LINE_SHIFT);
  sixByEight(false, false, panel, line, 0, depth, out0, out1, out2, out3, out4, out5);
  sixByEight(
    false,
    false,
    panel,
    line + 32,
    0,
    depth,
    out0 + 32,
    out1 + 32,
    out2 + 32,
    out3 + 32,
    out4 + 32,
    out5 + 32,
  );
}

/**
 * Packs PANEL columns of active rows, six to a panel: panel[k][c] = weight[row from + k][column + c].
 * All panels at once, because a weight row is a long way from the next one.
 */
function packColumns(
  args: LinearInputGradient,
  first: i32,
  last: i32,
  from: i32,
  depth: i32,
): void {
  const support = args.support;
  const columns = support.columns;
  const panelBytes = <usize>(depth * SIX * 4);
  let target = scratch();
  for (let k = from; k < from + depth; k++, target += SIX * 4) {
    const row = args.weight + <usize>((load<i32>(support.order + <usize>(k << 2)) * columns) << 2);
    let panel = target;
    for (let column = first; column < last; column += SIX, panel += panelBytes) {
      const source = row + <usize>(column << 2);
      if (column + SIX <= columns) {
        v128.store(panel, v128.load(source));
        store<u64>(panel, load<u64>(source, 16), 16);
      } else {
        for (let c = 0; c < SIX; c++) {
          store<f32>(
            panel + <usize>(c << 2),
            load<f32>(row + <usize>(min(column + c, columns - 1) << 2)),
          );
        }
      }
    }
  }
}

/** ∂L/∂X = Wᵀ ∂L/∂Y over the active rows. A tile is PANEL columns over the whole batch. */
export function linearInputGradient(args: LinearInputGradient, tile: i32): void {
  const support = args.support;
  const columns = support.columns;
  const active = support.activeRows;
  const blocks = args.batch.blocks;
  const inputBlock = <usize>columns * LINE;
  const outputBlock = <usize>support.rows * LINE;
  const first = tile * PANEL;
  const last = min(first + PANEL, columns);
  if (!args.accumulate) {
    for (let b = 0; b < blocks; b++) {
      const output = args.inputGradient + <usize>b * inputBlock;
      for (let column = first; column < last; column++) {
        fillLine(output + <usize>column * LINE, f32x4.splat(0));
      }
    }
  }
  for (let from = 0; from < active; from += DEPTH) {
    const depth = min(DEPTH, active - from);
    const panelBytes = <usize>(depth * SIX * 4);
    packColumns(args, first, last, from, depth);
    for (let b = 0; b < blocks; b++) {
      const lines = args.outputGradient + <usize>b * outputBlock;
      const output = args.inputGradient + <usize>b * inputBlock;
      let panel = scratch();
      for (let column = first; column < last; column += SIX, panel += panelBytes) {
        inputGradientSix(support, column, panel, lines, from, depth, output);
      }
    }
  }
}

/** Six columns by one block of sixteen samples. */
function inputGradientSix(
  support: Support,
  column: i32,
  panel: usize,
  lines: usize,
  from: i32,
  depth: i32,
  output: usize,
): void {
  const order = support.order + <usize>(from << 2);
  const end = support.columns - 1;
  const out0 = output + <usize>(column << LINE_SHIFT);
  const out1 = output + <usize>(min(column + 1, end) << LINE_SHIFT);
  const out2 = output + <usize>(min(column + 2, end) << LINE_SHIFT);
  const out3 = output + <usize>(min(column + 3, end) << LINE_SHIFT);
  const out4 = output + <usize>(min(column + 4, end) << LINE_SHIFT);
  const out5 = output + <usize>(min(column + 5, end) << LINE_SHIFT);
  sixByEight(true, false, panel, lines, order, depth, out0, out1, out2, out3, out4, out5);
  sixByEight(
    true,
    false,
    panel,
    lines + 32,
    order,
    depth,
    out0 + 32,
    out1 + 32,
    out2 + 32,
    out3 + 32,
    out4 + 32,
    out5 + 32,
  );
}

/**
 * ∂L/∂W = ∂L/∂Y Xᵀ, summed over the batch. A tile is PANEL rows by `columnsPerTile` columns; the rows
 * share the lines of two columns while these are in the first-level cache.
 */
export function linearWeightGradient(args: LinearWeightGradient, tile: i32): void {
  const support = args.support;
  const count = args.scope === Scope.activeRows ? support.activeRows : support.rows;
  const parts = (support.columns + args.columnsPerTile - 1) / args.columnsPerTile;
  const strip = tile / parts;
  const first = strip * PANEL;
  const last = min(first + PANEL, count);
  const from = (tile - strip * parts) * args.columnsPerTile;
  const to = min(from + args.columnsPerTile, support.columns);
  const panelBytes = <usize>args.batch.blocks * LINE * SIX;
  let panel = scratch();
  for (let at = first; at < last; at += SIX, panel += panelBytes) {
    packOutputGradient(args, at, count, panel);
  }
  for (let column = from; column < to; column += 2) {
    panel = scratch();
    for (let at = first; at < last; at += SIX, panel += panelBytes) {
      weightGradientSixByTwo(args, at, count, column, panel);
    }
  }
}

/** panel[quarter line][r] = ∂L/∂Y of row r: six vectors side by side for every four samples. */
function packOutputGradient(args: LinearWeightGradient, at: i32, count: i32, panel: usize): void {
  const support = args.support;
  const batch = args.batch;
  const scope = args.scope;
  const block = <usize>support.rows * LINE;
  const weight = f32x4.splat(blockWeight(batch, scope));
  for (let r = 0; r < SIX; r++) {
    const line = args.outputGradient + <usize>(entryOf(support.order, at + r, count) << LINE_SHIFT);
    let target = panel + <usize>(r << 4);
    for (let b = firstBlock(batch, scope); b < endBlock(batch, scope); b++) {
      for (let s: usize = 0; s < LINE; s += 16, target += SIX * 16) {
        v128.store(target, f32x4.mul(weight, v128.load(line + <usize>b * block + s)));
      }
    }
  }
}

/** Six rows by two columns: lane sums over the batch, folded at the end. */
function weightGradientSixByTwo(
  args: LinearWeightGradient,
  at: i32,
  count: i32,
  column: i32,
  panel: usize,
): void {
  const support = args.support;
  const columns = support.columns;
  const right = min(column + 1, columns - 1);
  const inputBlock = <usize>columns * LINE;
  const zero = f32x4.splat(0);
  let a0 = zero;
  let a1 = zero;
  let b0 = zero;
  let b1 = zero;
  let c0 = zero;
  let c1 = zero;
  let d0 = zero;
  let d1 = zero;
  let e0 = zero;
  let e1 = zero;
  let f0 = zero;
  let f1 = zero;
  const first = firstBlock(args.batch, args.scope);
  const last = endBlock(args.batch, args.scope);
  let input = args.input + <usize>first * inputBlock + <usize>(column << LINE_SHIFT);
  const toRight = <usize>((right - column) << LINE_SHIFT);
  for (let b = first; b < last; b++, input += inputBlock) {
    for (let x = input; x < input + LINE; x += 16, panel += SIX * 16) {
      const x0 = v128.load(x);
      const x1 = v128.load(x + toRight);
      let g = v128.load(panel);
      a0 = madd(g, x0, a0);
      a1 = madd(g, x1, a1);
      g = v128.load(panel, 16);
      b0 = madd(g, x0, b0);
      b1 = madd(g, x1, b1);
      g = v128.load(panel, 32);
      c0 = madd(g, x0, c0);
      c1 = madd(g, x1, c1);
      g = v128.load(panel, 48);
      d0 = madd(g, x0, d0);
      d1 = madd(g, x1, d1);
      g = v128.load(panel, 64);
      e0 = madd(g, x0, e0);
      e1 = madd(g, x1, e1);
      g = v128.load(panel, 80);
      f0 = madd(g, x0, f0);
      f1 = madd(g, x1, f1);
    }
  }
  storePairs(args, at, count, column, right, sumLanes(a0, a1, b0, b1));
  storePairs(args, at + 2, count, column, right, sumLanes(c0, c1, d0, d1));
  storePairs(args, at + 4, count, column, right, sumLanes(e0, e1, f0, f1));
}

// @inline
function storePairs(
  args: LinearWeightGradient,
  at: i32,
  count: i32,
  left: i32,
  right: i32,
  sums: v128,
): void {
  const support = args.support;
  const upper =
    args.weightGradient + <usize>((entryOf(support.order, at, count) * support.columns) << 2);
  const lower =
    args.weightGradient + <usize>((entryOf(support.order, at + 1, count) * support.columns) << 2);
  store<f32>(upper + <usize>(left << 2), f32x4.extract_lane(sums, 0));
  store<f32>(upper + <usize>(right << 2), f32x4.extract_lane(sums, 1));
  store<f32>(lower + <usize>(left << 2), f32x4.extract_lane(sums, 2));
  store<f32>(lower + <usize>(right << 2), f32x4.extract_lane(sums, 3));
}
