// Convolutions over whole rows of the weight: all output channels, or the active ones.

import { Reads, Writes } from './access';
import { inputAt, outputAt, placePositions, Sweep } from './conv';
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

/** Depth of a panel that stays in the first-level cache while a strip's positions pass. */
const DEPTH: i32 = 384;
/** Rows that share the lines of two columns in the weight gradient; an even number of columns. */
export const ROWS: i32 = 24;
export const COLUMNS: i32 = 72;

@unmanaged
class PackConv {
  support: Support;
  sweep: Sweep;
  weight: Reads;
  packed: Writes; // f32[⌈rows / 6⌉][depth][6]
}

@unmanaged
class ConvRows {
  batch: Batch;
  sweep: Sweep;
  support: Support;
  input: Reads;
  packed: Reads;
  bias: Reads; // 0: none
  output: Writes;
  accumulate: i32; // 1: add to what the output holds
}

@unmanaged
class ConvRowsWeightGradient {
  batch: Batch;
  sweep: Sweep;
  support: Support;
  input: Reads;
  outputGradient: Reads;
  weightGradient: Writes;
  scope: Scope;
}

/** packed[tile][k][r]: six rows side by side. A tile is six rows, in the order of the support. */
export function packConv(args: PackConv, tile: i32): void {
  const support = args.support;
  const sweep = args.sweep;
  const panel = args.packed + <usize>((tile * sweep.depth * SIX) << 2);
  if (tile * SIX >= support.activeRows) return;
  for (let r = 0; r < SIX; r++) {
    const row = entryOf(support.order, tile * SIX + r, support.activeRows);
    const source = args.weight + <usize>((row * sweep.weightStep) << 2);
    let to = panel + <usize>(r << 2);
    let offset = sweep.weightOffsets;
    for (const end = offset + <usize>(sweep.depth << 2); offset < end; offset += 4, to += SIX * 4) {
      store<f32>(to, load<f32>(source + <usize>(load<i32>(offset) << 2)));
    }
  }
}

/** A tile is a strip of one block, all output channels; rows without a non-zero get the bias alone. */
export function convRows(args: ConvRows, tile: i32): void {
  const sweep = args.sweep;
  const support = args.support;
  const block = tile / sweep.tilesPerBlock;
  const strip = tile % sweep.tilesPerBlock;
  const count = placePositions(sweep, strip);
  const active = support.activeRows;
  const input = args.input + ((<usize>(block * sweep.inputBlock)) << LINE_SHIFT);
  const output = args.output + ((<usize>(block * sweep.outputBlock)) << LINE_SHIFT);
  if (!args.accumulate) {
    for (let row = 0; row < support.rows; row++) {
      const plane = output + ((<usize>(row * sweep.outputPlane)) << LINE_SHIFT);
      const bias = args.bias ? v128.load32_splat(args.bias + <usize>(row << 2)) : f32x4.splat(0);
      for (let at = 0; at < count; at++) fillLine(plane + outputAt(at), bias);
    }
  }
  for (let from = 0; from < sweep.depth; from += DEPTH) {
    const depth = min(DEPTH, sweep.depth - from);
    for (let at = 0; at < active; at += SIX) {
      const panel = args.packed + <usize>((at * sweep.depth + from * SIX) << 2);
      sweepSix(
        sweep,
        support,
        at,
        panel,
        sweep.lines + <usize>(from << 2),
        depth,
        count,
        input,
        output,
      );
    }
  }
}

/** Six output channels over the positions of a strip. */
function sweepSix(
  sweep: Sweep,
  support: Support,
  at: i32,
  panel: usize,
  lines: usize,
  depth: i32,
  count: i32,
  input: usize,
  output: usize,
): void {
  const plane = (<usize>sweep.outputPlane) << LINE_SHIFT;
  const order = support.order;
  const active = support.activeRows;
  const out0 = output + <usize>entryOf(order, at, active) * plane;
  const out1 = output + <usize>entryOf(order, at + 1, active) * plane;
  const out2 = output + <usize>entryOf(order, at + 2, active) * plane;
  const out3 = output + <usize>entryOf(order, at + 3, active) * plane;
  const out4 = output + <usize>entryOf(order, at + 4, active) * plane;
  const out5 = output + <usize>entryOf(order, at + 5, active) * plane;
  for (let p = 0; p < count; p++) {
    const x = input + inputAt(p);
    const to = outputAt(p);
    sixByEight(
      true,
      false,
      panel,
      x,
      lines,
      depth,
      out0 + to,
      out1 + to,
      out2 + to,
      out3 + to,
      out4 + to,
      out5 + to,
    );
    const half = to + 32;
    sixByEight(
      true,
      false,
      panel,
      x + 32,
      lines,
      depth,
      out0 + half,
      out1 + half,
      out2 + half,
      out3 + half,
      out4 + half,
      out5 + half,
    );
  }
}

/** The gradient of all weights, or of the active rows. A tile is ROWS × COLUMNS of them over the whole batch. */
export function convRowsWeightGradient(args: ConvRowsWeightGradient, tile: i32): void {
  const sweep = args.sweep;
  const support = args.support;
  const count = args.scope === Scope.activeRows ? support.activeRows : support.rows;
  const across = (support.columns + COLUMNS - 1) / COLUMNS;
  const first = (tile / across) * ROWS;
  const last = min(first + ROWS, count);
  const left = (tile % across) * COLUMNS;
  const right = min(left + COLUMNS, support.columns);
  for (let at = first; at < last; at++) {
    const start = entryOf(support.order, at, count) * support.columns + left;
    memory.fill(args.weightGradient + ((<usize>start) << 2), 0, (<usize>(right - left)) << 2);
  }
  const batch = args.batch;
  const scope = args.scope;
  for (let block = firstBlock(batch, scope); block < endBlock(batch, scope); block++) {
    const input = args.input + ((<usize>(block * sweep.inputBlock)) << LINE_SHIFT);
    const output = args.outputGradient + ((<usize>(block * sweep.outputBlock)) << LINE_SHIFT);
    for (let strip = 0; strip < sweep.tilesPerBlock; strip++) {
      const positions = placePositions(sweep, strip);
      for (let column = left; column < right; column += 2) {
        for (let at = first; at < last; at += SIX) {
          gradientSixByTwo(args, at, count, column, positions, input, output);
        }
      }
    }
  }
}

/** Adds six rows by two columns of one strip. */
function gradientSixByTwo(
  args: ConvRowsWeightGradient,
  at: i32,
  count: i32,
  column: i32,
  positions: i32,
  input: usize,
  output: usize,
): void {
  const sweep = args.sweep;
  const support = args.support;
  const order = support.order;
  const plane = (<usize>sweep.outputPlane) << LINE_SHIFT;
  const right = min(column + 1, support.columns - 1);
  const line0 = input + <usize>(load<i32>(sweep.taps + <usize>(column << 2)) << LINE_SHIFT);
  const line1 = input + <usize>(load<i32>(sweep.taps + <usize>(right << 2)) << LINE_SHIFT);
  const g0 = output + <usize>entryOf(order, at, count) * plane;
  const g1 = output + <usize>entryOf(order, at + 1, count) * plane;
  const g2 = output + <usize>entryOf(order, at + 2, count) * plane;
  const g3 = output + <usize>entryOf(order, at + 3, count) * plane;
  const g4 = output + <usize>entryOf(order, at + 4, count) * plane;
  const g5 = output + <usize>entryOf(order, at + 5, count) * plane;
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
  let position = scratch();
  for (const end = position + <usize>(positions << 3); position < end; position += 8) {
    let x = <usize>load<i32>(position);
    let y = <usize>load<i32>(position, 4);
    for (const endOfLine = x + LINE; x < endOfLine; x += 16, y += 16) {
      const x0 = v128.load(line0 + x);
      const x1 = v128.load(line1 + x);
      let g = v128.load(g0 + y);
      a0 = madd(g, x0, a0);
      a1 = madd(g, x1, a1);
      g = v128.load(g1 + y);
      b0 = madd(g, x0, b0);
      b1 = madd(g, x1, b1);
      g = v128.load(g2 + y);
      c0 = madd(g, x0, c0);
      c1 = madd(g, x1, c1);
      g = v128.load(g3 + y);
      d0 = madd(g, x0, d0);
      d1 = madd(g, x1, d1);
      g = v128.load(g4 + y);
      e0 = madd(g, x0, e0);
      e1 = madd(g, x1, e1);
      g = v128.load(g5 + y);
      f0 = madd(g, x0, f0);
      f1 = madd(g, x1, f1);
    }
  }
  // A repeated row or column is added once: only what is really there goes out.
  const two = right > column;
  const weight = f32x4.splat(blockWeight(args.batch, args.scope));
  addPair(args, at, count, column, two, f32x4.mul(weight, sumLanes(a0, a1, b0, b1)));
  addPair(args, at + 2, count, column, two, f32x4.mul(weight, sumLanes(c0, c1, d0, d1)));
  addPair(args, at + 4, count, column, two, f32x4.mul(weight, sumLanes(e0, e1, f0, f1)));
}

// @inline
function addPair(
  args: ConvRowsWeightGradient,
  at: i32,
  count: i32,
  column: i32,
  two: bool,
  sums: v128,
): void {
  const support = args.support;
  const step = (<usize>support.columns) << 2;
  const start = args.weightGradient + <usize>(column << 2);
  if (at < count) {
    const to = start + <usize>load<i32>(support.order + <usize>(at << 2)) * step;
    store<f32>(to, load<f32>(to) + f32x4.extract_lane(sums, 0));
    if (two) store<f32>(to, load<f32>(to, 4) + f32x4.extract_lane(sums, 1), 4);
  }
  if (at + 1 < count) {
    const to = start + <usize>load<i32>(support.order + <usize>((at + 1) << 2)) * step;
    store<f32>(to, load<f32>(to) + f32x4.extract_lane(sums, 2));
    if (two) store<f32>(to, load<f32>(to, 4) + f32x4.extract_lane(sums, 3), 4);
  }
}
