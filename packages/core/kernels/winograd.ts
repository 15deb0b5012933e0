// Dense 3 × 3 convolutions of stride 1 by Winograd's F(2 × 2, 3 × 3): a patch of 4 × 4 inputs and a kernel,
// each transformed to sixteen numbers, multiply number by number and give 2 × 2 outputs. Sixteen products
// instead of 36, at float32's accuracy, for the transforms hold no factor but 0, ±1 and ±½.
//
//   Y = Aᵀ [(G g Gᵀ) ⊙ (Bᵀ d B)] A

import { Reads, Writes } from './access';
import { Sweep } from './conv';
import { Batch, fillLine, LINE, LINE_SHIFT, Support, scratch } from './layout';
import { entryOf, SIX, sixByEight } from './panel';

/** Numbers of a transformed patch or kernel; the products of each are a matrix product of their own. */
export const POINTS: i32 = 16;
/** They come in four rows of four. */
export const SIDE: i32 = 4;
/** How a sweep falls into patches. */
@unmanaged
export class Patches {
  /** Input channels of the sweep, and the lines from one to the next. */
  channels: i32;
  inputPlane: i32;
  /** Patches side by side, and in a block. */
  across: i32;
  perBlock: i32;
  /** Patches in a tile of the convolution. */
  together: i32;
  /** 1: the weight's taps run backwards over the patch, as in the gradient to the input. */
  flipped: i32;
}

@unmanaged
class PackWinograd {
  support: Support;
  sweep: Sweep;
  patches: Patches;
  weight: Reads;
  packed: Writes; // f32[POINTS][⌈rows / 6⌉][channels][6]
}

@unmanaged
class ConvWinograd {
  batch: Batch;
  sweep: Sweep;
  patches: Patches;
  support: Support;
  input: Reads;
  packed: Reads;
  bias: Reads; // 0: none
  output: Writes;
  accumulate: i32; // 1: add to what the output holds
}

// @inline
export function half(x: v128): v128 {
  return f32x4.mul(x, f32x4.splat(0.5));
}

/** An odd number of lines between the numbers of a transform keeps them in different sets of a cache. */
// @inline
function pointBytes(lines: i32): usize {
  return (<usize>(lines | 1)) << LINE_SHIFT;
}

/** Byte offset of a patch's first input line from the start of the first block. */
// @inline
export function patchInput(sweep: Sweep, patches: Patches, patch: i32): usize {
  return patchAt(
    patches,
    patch,
    sweep.inputBlock,
    sweep.inputStart,
    sweep.inputStepY,
    sweep.inputStepX,
  );
}

/** The same of its first output line. */
// @inline
export function patchOutput(sweep: Sweep, patches: Patches, patch: i32): usize {
  return patchAt(
    patches,
    patch,
    sweep.outputBlock,
    sweep.outputStart,
    sweep.outputStepY,
    sweep.outputStepX,
  );
}

// @inline
function patchAt(
  patches: Patches,
  patch: i32,
  blockLines: i32,
  start: i32,
  stepY: i32,
  stepX: i32,
): usize {
  const block = patch / patches.perBlock;
  const place = patch % patches.perBlock;
  const y = (place / patches.across) << 1;
  const x = (place % patches.across) << 1;
  return (<usize>(block * blockLines + start + y * stepY + x * stepX)) << LINE_SHIFT;
}

/** Bᵀ d B of the lines of a patch; `row` bytes between its rows, `point` between the results. */
function transformInput(patch: usize, row: usize, to: usize, point: usize): void {
  for (let side = 0; side < SIDE; side++, to += 4 * point)
    transformInputRow(side, patch, row, to, point);
}

/** One of its four rows. */
export function transformInputRow(
  side: i32,
  patch: usize,
  row: usize,
  to: usize,
  point: usize,
): void {
  const end = to + LINE;
  // Bᵀ d: d₀ − d₂, d₁ + d₂, d₂ − d₁, d₁ − d₃.
  const upper = patch + (side === 0 ? 0 : side === 2 ? 2 * row : row);
  const lower = patch + (side < 2 ? 2 * row : side === 2 ? row : 3 * row);
  if (side === 1) {
    for (let s: usize = 0; to < end; to += 16, s += 16)
      inputRow(true, upper + s, lower + s, to, point);
  } else {
    for (let s: usize = 0; to < end; to += 16, s += 16)
      inputRow(false, upper + s, lower + s, to, point);
  }
}

/** One row of Bᵀ d is the sum or the difference of two rows of d; times B it is four numbers. */
// @inline
function inputRow(sum: bool, upper: usize, lower: usize, to: usize, point: usize): void {
  const a = pair(sum, v128.load(upper), v128.load(lower));
  const b = pair(sum, v128.load(upper, 64), v128.load(lower, 64));
  const c = pair(sum, v128.load(upper, 128), v128.load(lower, 128));
  const d = pair(sum, v128.load(upper, 192), v128.load(lower, 192));
  v128.store(to, f32x4.sub(a, c));
  v128.store(to + point, f32x4.add(b, c));
  v128.store(to + 2 * point, f32x4.sub(c, b));
  v128.store(to + 3 * point, f32x4.sub(b, d));
}

// @inline
function pair(sum: bool, a: v128, b: v128): v128 {
  return sum ? f32x4.add(a, b) : f32x4.sub(a, b);
}

/** packed[point][six][channel][r] = (G g Gᵀ) of six rows side by side. A tile is six rows, in the support's order. */
export function packWinograd(args: PackWinograd, tile: i32): void {
  const support = args.support;
  const channels = args.patches.channels;
  if (tile * SIX >= support.activeRows) return;
  const panel = <usize>((channels * SIX) << 2);
  const point = <usize>((support.rows + SIX - 1) / SIX) * panel;
  let to = args.packed + <usize>tile * panel;
  for (let channel = 0; channel < channels; channel++, to += SIX * 4) {
    packKernels(args, tile * SIX, channel, to, point);
    // The last four of six: two of them twice.
    packKernels(args, tile * SIX + 2, channel, to + 8, point);
  }
}

/** G g Gᵀ of the kernels that four rows have for one channel, a row a lane. */
function packKernels(args: PackWinograd, at: i32, channel: i32, to: usize, point: usize): void {
  const support = args.support;
  const order = support.order;
  const active = support.activeRows;
  const step = (<usize>args.sweep.weightStep) << 2;
  const flipped = args.patches.flipped !== 0;
  const row0 = args.weight + <usize>entryOf(order, at, active) * step;
  const row1 = args.weight + <usize>entryOf(order, at + 1, active) * step;
  const row2 = args.weight + <usize>entryOf(order, at + 2, active) * step;
  const row3 = args.weight + <usize>entryOf(order, at + 3, active) * step;
  const taps = args.sweep.weightOffsets + <usize>(channel * 36 + (flipped ? 32 : 0));
  const next: usize = flipped ? -4 : 4;
  const a0 = tapOf(row0, row1, row2, row3, taps);
  const a1 = tapOf(row0, row1, row2, row3, taps + next);
  const a2 = tapOf(row0, row1, row2, row3, taps + 2 * next);
  const b0 = tapOf(row0, row1, row2, row3, taps + 3 * next);
  const b1 = tapOf(row0, row1, row2, row3, taps + 4 * next);
  const b2 = tapOf(row0, row1, row2, row3, taps + 5 * next);
  const c0 = tapOf(row0, row1, row2, row3, taps + 6 * next);
  const c1 = tapOf(row0, row1, row2, row3, taps + 7 * next);
  const c2 = tapOf(row0, row1, row2, row3, taps + 8 * next);
  packRow(a0, a1, a2, to, point);
  const d0 = half(f32x4.add(a0, c0));
  const d1 = half(f32x4.add(a1, c1));
  const d2 = half(f32x4.add(a2, c2));
  const e0 = half(b0);
  const e1 = half(b1);
  const e2 = half(b2);
  packRow(f32x4.add(d0, e0), f32x4.add(d1, e1), f32x4.add(d2, e2), to + 4 * point, point);
  packRow(f32x4.sub(d0, e0), f32x4.sub(d1, e1), f32x4.sub(d2, e2), to + 8 * point, point);
  packRow(c0, c1, c2, to + 12 * point, point);
}

/** One tap of four rows. */
// @inline
function tapOf(row0: usize, row1: usize, row2: usize, row3: usize, tap: usize): v128 {
  const offset = (<usize>load<i32>(tap)) << 2;
  let x = v128.load32_zero(row0 + offset);
  x = v128.load32_lane(row1 + offset, x, 1);
  x = v128.load32_lane(row2 + offset, x, 2);
  return v128.load32_lane(row3 + offset, x, 3);
}

// @inline
function packRow(a: v128, b: v128, c: v128, to: usize, point: usize): void {
  const ends = half(f32x4.add(a, c));
  const middle = half(b);
  v128.store(to, a);
  v128.store(to + point, f32x4.add(ends, middle));
  v128.store(to + 2 * point, f32x4.sub(ends, middle));
  v128.store(to + 3 * point, c);
}

/**
 * A tile is so many patches, all output channels: transforms the inputs, multiplies point by point, and
 * transforms back. Rows without a non-zero get the bias alone.
 */
export function convWinograd(args: ConvWinograd, tile: i32): void {
  const patches = args.patches;
  const together = patches.together;
  const first = tile * together;
  const count = min(together, args.batch.blocks * patches.perBlock - first);
  if (count <= 0) return;
  const sixes = (args.support.activeRows + SIX - 1) / SIX;
  const inputPoint = pointBytes(count * patches.channels);
  const outputPoint = pointBytes(count * sixes * SIX);
  const inputs = scratch();
  const outputs = inputs + <usize>POINTS * inputPoint;
  transformInputs(args, first, count, inputs, inputPoint);
  const panels = <usize>((((args.support.rows + SIX - 1) / SIX) * patches.channels * SIX) << 2);
  for (let point: usize = 0; point < <usize>POINTS; point++) {
    multiplyPoint(
      args.packed + point * panels,
      inputs + point * inputPoint,
      outputs + point * outputPoint,
      patches.channels,
      sixes,
      count,
    );
  }
  transformOutputs(args, first, count, sixes * SIX, outputs, outputPoint);
}

/** The inputs as [point][patch][channel] lines. */
function transformInputs(
  args: ConvWinograd,
  first: i32,
  count: i32,
  to: usize,
  point: usize,
): void {
  const sweep = args.sweep;
  const patches = args.patches;
  const row = (<usize>sweep.inputStepY) << LINE_SHIFT;
  const plane = (<usize>patches.inputPlane) << LINE_SHIFT;
  for (let at = first; at < first + count; at++) {
    let patch = args.input + patchInput(sweep, patches, at);
    for (let channel = 0; channel < patches.channels; channel++, patch += plane, to += LINE) {
      transformInput(patch, row, to, point);
    }
  }
}

/** One point's product: all rows by all patches, over the channels. */
function multiplyPoint(
  panels: usize,
  inputs: usize,
  outputs: usize,
  channels: i32,
  sixes: i32,
  count: i32,
): void {
  const panelBytes = <usize>((channels * SIX) << 2);
  const inputBytes = (<usize>channels) << LINE_SHIFT;
  const outputBytes = (<usize>(sixes * SIX)) << LINE_SHIFT;
  for (let six = 0; six < sixes; six++, panels += panelBytes, outputs += SIX * LINE) {
    let line = inputs;
    let out = outputs;
    for (let patch = 0; patch < count; patch++, line += inputBytes, out += outputBytes) {
      for (let side: usize = 0; side < LINE; side += 32) {
        const to = out + side;
        sixByEight(
          false,
          true,
          panels,
          line + side,
          0,
          channels,
          to,
          to + LINE,
          to + 2 * LINE,
          to + 3 * LINE,
          to + 4 * LINE,
          to + 5 * LINE,
        );
      }
    }
  }
}

/** Aᵀ m A into the planes of the active rows; the bias alone into the others. */
function transformOutputs(
  args: ConvWinograd,
  first: i32,
  count: i32,
  rows: i32,
  from: usize,
  point: usize,
): void {
  const sweep = args.sweep;
  const support = args.support;
  const row = (<usize>sweep.outputStepY) << LINE_SHIFT;
  for (let patch = 0; patch < count; patch++) {
    const output = args.output + patchOutput(sweep, args.patches, first + patch);
    let products = from + ((<usize>(patch * rows)) << LINE_SHIFT);
    for (let at = 0; at < support.rows; at++, products += LINE) {
      const channel = load<i32>(support.order + <usize>(at << 2));
      const to = output + ((<usize>(channel * sweep.outputPlane)) << LINE_SHIFT);
      const bias = args.bias
        ? v128.load32_splat(args.bias + <usize>(channel << 2))
        : f32x4.splat(0);
      if (at < support.activeRows) {
        transformOutput(products, point, bias, args.accumulate !== 0, to, row);
      } else if (!args.accumulate) {
        fillLine(to, bias);
        fillLine(to + LINE, bias);
        fillLine(to + row, bias);
        fillLine(to + row + LINE, bias);
      }
    }
  }
}

/** Aᵀ m A, added to the bias or to what the output holds. */
function transformOutput(
  products: usize,
  point: usize,
  bias: v128,
  accumulate: bool,
  to: usize,
  row: usize,
): void {
  for (const end = to + LINE; to < end; to += 16, products += 16) {
    let a = bias;
    let b = bias;
    let c = bias;
    let d = bias;
    if (accumulate) {
      a = v128.load(to);
      b = v128.load(to, 64);
      c = v128.load(to + row);
      d = v128.load(to + row, 64);
    }
    // The four columns of m, each folded to two numbers.
    let m = products;
    let upper = upperOf(m, point);
    let lower = lowerOf(m, point);
    a = f32x4.add(a, upper);
    c = f32x4.add(c, lower);
    m += point;
    upper = upperOf(m, point);
    lower = lowerOf(m, point);
    a = f32x4.add(a, upper);
    b = f32x4.add(b, upper);
    c = f32x4.add(c, lower);
    d = f32x4.add(d, lower);
    m += point;
    upper = upperOf(m, point);
    lower = lowerOf(m, point);
    a = f32x4.add(a, upper);
    b = f32x4.sub(b, upper);
    c = f32x4.add(c, lower);
    d = f32x4.sub(d, lower);
    m += point;
    upper = upperOf(m, point);
    lower = lowerOf(m, point);
    b = f32x4.sub(b, upper);
    d = f32x4.sub(d, lower);
    v128.store(to, a);
    v128.store(to, b, 64);
    v128.store(to + row, c);
    v128.store(to + row, d, 64);
  }
}

// @inline
function upperOf(column: usize, point: usize): v128 {
  return f32x4.add(
    f32x4.add(v128.load(column), v128.load(column + 4 * point)),
    v128.load(column + 8 * point),
  );
}

// @inline
function lowerOf(column: usize, point: usize): v128 {
  return f32x4.sub(
    f32x4.sub(v128.load(column + 4 * point), v128.load(column + 8 * point)),
    v128.load(column + 12 * point),
  );
}
