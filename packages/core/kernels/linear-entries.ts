// Linear layers over single non-zero weights: one broadcast weight times the sixteen samples of a
// block, contiguous loads, nothing for a zero. Row by row of the compressed weight; the gradient to
// the input scatters along rows too, so that no transposed index has to be kept.

import { Reads, Writes } from './access';
import { Batch, LINE, LINE_SHIFT, Support, scratch } from './layout';
import { madd, sumPairs } from './simd';

/** Rows of the weight in one tile of the forward pass and of the weight gradient. */
export const ROWS: i32 = 16;

@unmanaged
class SparseForward {
  batch: Batch;
  support: Support;
  input: Reads;
  bias: Reads; // 0: none
  output: Writes;
}

@unmanaged
class SparseInputGradient {
  batch: Batch;
  support: Support;
  outputGradient: Reads;
  inputGradient: Writes;
  accumulate: i32; // 1: add to what the input's gradient holds
}

@unmanaged
class SparseWeightGradient {
  batch: Batch;
  support: Support;
  input: Reads;
  outputGradient: Reads;
  weightGradient: Writes; // dense (rows × columns); written on the support only
}

/** Y = W X + b. A tile is ROWS rows over the whole batch, two blocks at a time. */
export function sparseForward(args: SparseForward, tile: i32): void {
  const support = args.support;
  const blocks = args.batch.blocks;
  const inputBlock = <usize>support.columns * LINE;
  const outputBlock = <usize>support.rows * LINE;
  const first = tile * ROWS;
  const last = min(first + ROWS, support.rows);
  let b = 0;
  for (; b + 2 <= blocks; b += 2) {
    const input = args.input + <usize>b * inputBlock;
    const output = args.output + <usize>b * outputBlock;
    for (let row = first; row < last; row++) {
      forwardTwoBlocks(args, row, input, inputBlock, output + <usize>row * LINE, outputBlock);
    }
  }
  if (b < blocks) {
    const input = args.input + <usize>b * inputBlock;
    const output = args.output + <usize>b * outputBlock;
    for (let row = first; row < last; row++)
      forwardOneBlock(args, row, input, output + <usize>row * LINE);
  }
}

// @inline
function biasOf(bias: usize, row: i32): v128 {
  return bias ? v128.load32_splat(bias + <usize>(row << 2)) : f32x4.splat(0);
}

function forwardTwoBlocks(
  args: SparseForward,
  row: i32,
  input: usize,
  inputBlock: usize,
  output: usize,
  outputBlock: usize,
): void {
  const support = args.support;
  let at = <usize>(load<i32>(support.starts + <usize>(row << 2)) << 2);
  const end = <usize>(load<i32>(support.starts + <usize>(row << 2), 4) << 2);
  const entries = support.entries;
  const values = support.values;
  const start = biasOf(args.bias, row);
  let a0 = start;
  let a1 = start;
  let a2 = start;
  let a3 = start;
  let b0 = start;
  let b1 = start;
  let b2 = start;
  let b3 = start;
  for (; at < end; at += 4) {
    const w = v128.load32_splat(values + at);
    const x = input + <usize>(load<i32>(entries + at) << LINE_SHIFT);
    a0 = madd(w, v128.load(x), a0);
    a1 = madd(w, v128.load(x, 16), a1);
    a2 = madd(w, v128.load(x, 32), a2);
    a3 = madd(w, v128.load(x, 48), a3);
    const y = x + inputBlock;
    b0 = madd(w, v128.load(y), b0);
    b1 = madd(w, v128.load(y, 16), b1);
    b2 = madd(w, v128.load(y, 32), b2);
    b3 = madd(w, v128.load(y, 48), b3);
  }
  v128.store(output, a0);
  v128.store(output, a1, 16);
  v128.store(output, a2, 32);
  v128.store(output, a3, 48);
  v128.store(output + outputBlock, b0);
  v128.store(output + outputBlock, b1, 16);
  v128.store(output + outputBlock, b2, 32);
  v128.store(output + outputBlock, b3, 48);
}

function forwardOneBlock(args: SparseForward, row: i32, input: usize, output: usize): void {
  const support = args.support;
  let at = <usize>(load<i32>(support.starts + <usize>(row << 2)) << 2);
  const end = <usize>(load<i32>(support.starts + <usize>(row << 2), 4) << 2);
  const start = biasOf(args.bias, row);
  let a0 = start;
  let a1 = start;
  let a2 = start;
  let a3 = start;
  for (; at < end; at += 4) {
    const w = v128.load32_splat(support.values + at);
    const x = input + <usize>(load<i32>(support.entries + at) << LINE_SHIFT);
    a0 = madd(w, v128.load(x), a0);
    a1 = madd(w, v128.load(x, 16), a1);
    a2 = madd(w, v128.load(x, 32), a2);
    a3 = madd(w, v128.load(x, 48), a3);
  }
  v128.store(output, a0);
  v128.store(output, a1, 16);
  v128.store(output, a2, 32);
  v128.store(output, a3, 48);
}

/** ∂L/∂X = Wᵀ ∂L/∂Y. A tile is one block: the rows scatter into its lines in order. */
export function sparseInputGradient(args: SparseInputGradient, tile: i32): void {
  const support = args.support;
  const columns = support.columns;
  const active = support.activeRows;
  const gradient = args.inputGradient + <usize>tile * <usize>columns * LINE;
  const outputs = args.outputGradient + <usize>tile * <usize>support.rows * LINE;
  if (!args.accumulate) memory.fill(gradient, 0, <usize>columns * LINE);
  for (let k = 0; k < active; k++) {
    const row = load<i32>(support.order + <usize>(k << 2));
    scatterRow(support, row, outputs + <usize>row * LINE, gradient);
  }
}

// @inline
function scatterRow(support: Support, row: i32, output: usize, gradient: usize): void {
  let at = <usize>(load<i32>(support.starts + <usize>(row << 2)) << 2);
  const end = <usize>(load<i32>(support.starts + <usize>(row << 2), 4) << 2);
  const entries = support.entries;
  const values = support.values;
  const g0 = v128.load(output);
  const g1 = v128.load(output, 16);
  const g2 = v128.load(output, 32);
  const g3 = v128.load(output, 48);
  for (; at < end; at += 4) {
    const w = v128.load32_splat(values + at);
    const x = gradient + <usize>(load<i32>(entries + at) << LINE_SHIFT);
    const x0 = madd(w, g0, v128.load(x));
    const x1 = madd(w, g1, v128.load(x, 16));
    const x2 = madd(w, g2, v128.load(x, 32));
    const x3 = madd(w, g3, v128.load(x, 48));
    v128.store(x, x0);
    v128.store(x, x1, 16);
    v128.store(x, x2, 32);
    v128.store(x, x3, 48);
  }
}

/** ∂L/∂W on the support, four non-zeros of a row at a time over the whole batch. A tile is ROWS rows. */
export function sparseWeightGradient(args: SparseWeightGradient, tile: i32): void {
  const support = args.support;
  const last = min((tile + 1) * ROWS, support.rows);
  for (let row = tile * ROWS; row < last; row++) {
    const start = load<i32>(support.starts + <usize>(row << 2));
    const end = load<i32>(support.starts + <usize>(row << 2), 4);
    for (let at = start; at < end; at += 4) weightGradientOfFour(args, row, at, end);
  }
}

/** Where fewer than four are left, the last one is repeated. */
function weightGradientOfFour(args: SparseWeightGradient, row: i32, at: i32, end: i32): void {
  const support = args.support;
  const entries = support.entries;
  const inputBlock = <usize>support.columns * LINE;
  const outputBlock = <usize>support.rows * LINE;
  const column0 = load<i32>(entries + <usize>(at << 2));
  const column1 = load<i32>(entries + <usize>(min(at + 1, end - 1) << 2));
  const column2 = load<i32>(entries + <usize>(min(at + 2, end - 1) << 2));
  const column3 = load<i32>(entries + <usize>(min(at + 3, end - 1) << 2));
  let x0 = args.input + <usize>(column0 << LINE_SHIFT);
  let x1 = args.input + <usize>(column1 << LINE_SHIFT);
  let x2 = args.input + <usize>(column2 << LINE_SHIFT);
  let x3 = args.input + <usize>(column3 << LINE_SHIFT);
  let y = args.outputGradient + <usize>(row << LINE_SHIFT);
  const zero = f32x4.splat(0);
  let a = zero;
  let b = zero;
  let c = zero;
  let d = zero;
  let e = zero;
  let f = zero;
  let g = zero;
  let h = zero;
  for (let block = args.batch.blocks; block > 0; block--) {
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
    x0 += inputBlock;
    x1 += inputBlock;
    x2 += inputBlock;
    x3 += inputBlock;
    y += outputBlock;
  }
  const sums = sumPairs(scratch(), a, e, b, f, c, g, d, h);
  const gradient = args.weightGradient + <usize>((row * support.columns) << 2);
  store<f32>(gradient + <usize>(column0 << 2), f32x4.extract_lane(sums, 0));
  store<f32>(gradient + <usize>(column1 << 2), f32x4.extract_lane(sums, 1));
  store<f32>(gradient + <usize>(column2 << 2), f32x4.extract_lane(sums, 2));
  store<f32>(gradient + <usize>(column3 << 2), f32x4.extract_lane(sums, 3));
}
