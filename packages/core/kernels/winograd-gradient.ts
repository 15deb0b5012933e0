// The gradient of the weights of a 3 × 3 convolution by Winograd's algorithm, the transpose of
// kernels/winograd.ts:
//
//   ∂L/∂g = Gᵀ [Σ (A ∂L/∂Y Aᵀ) ⊙ (Bᵀ d B)] G

import { Reads, Writes } from './access';
import { Sweep } from './conv';
import {
  Batch,
  blockWeight,
  endBlock,
  firstBlock,
  LINE,
  LINE_SHIFT,
  Scope,
  Support,
  scratch,
} from './layout';
import { SIX } from './panel';
import { madd, sumLanes } from './simd';
import {
  half,
  Patches,
  POINTS,
  patchInput,
  patchOutput,
  SIDE,
  transformInputRow,
} from './winograd';

/** Rows and channels of a tile of the weight gradient, and the patches that it takes at a time. */
export const ROWS: i32 = 66;
export const CHANNELS: i32 = 32;
const PATCHES: i32 = 8;
/** Rows of the weight in one tile of `foldWinograd`. */
export const FOLD_ROWS: i32 = 8;

@unmanaged
class WinogradProducts {
  batch: Batch;
  sweep: Sweep;
  patches: Patches;
  support: Support;
  input: Reads;
  outputGradient: Reads;
  products: Writes; // f32[parts][rows][channels][POINTS]
  parts: i32; // of the batch
  scope: Scope;
}

@unmanaged
class FoldWinograd {
  batch: Batch;
  patches: Patches;
  support: Support;
  products: Reads;
  parts: i32;
  weightGradient: Writes;
  scope: Scope;
}

/**
 * Σ (A ∂L/∂Y Aᵀ) ⊙ (Bᵀ d B) over a part of the batch, for all weights or those of the active rows. A tile is
 * ROWS × CHANNELS kernels and one part.
 */
export function winogradProducts(args: WinogradProducts, tile: i32): void {
  const support = args.support;
  const patches = args.patches;
  const batch = args.batch;
  const scope = args.scope;
  const part = tile % args.parts;
  const place = tile / args.parts;
  const across = (patches.channels + CHANNELS - 1) / CHANNELS;
  const count = scope === Scope.activeRows ? support.activeRows : support.rows;
  const row = (place / across) * ROWS;
  const channel = (place % across) * CHANNELS;
  const rows = min(ROWS, count - row);
  const channels = min(CHANNELS, patches.channels - channel);
  if (rows <= 0) return;
  memory.fill(scratch(), 0, SUM_BYTES);
  const first = firstBlock(batch, scope) * patches.perBlock;
  const all = endBlock(batch, scope) * patches.perBlock - first;
  const end = first + (all * (part + 1)) / args.parts;
  for (let patch = first + (all * part) / args.parts; patch < end; patch += PATCHES) {
    for (let side = 0; side < SIDE; side++) {
      transformGradients(args, side, patch, end, row, rows);
      transformChannels(args, side, patch, end, channel, channels);
      for (let point = 0; point < SIDE; point++) addPoint(side, point, rows, channels);
    }
  }
  const products =
    args.products + ((<usize>(part * support.rows * patches.channels * POINTS)) << 2);
  for (let r = 0; r < rows; r++) {
    const order = load<i32>(support.order + <usize>((row + r) << 2));
    let to = products + ((<usize>((order * patches.channels + channel) * POINTS)) << 2);
    for (let c = 0; c < channels; c++, to += POINTS * 4) foldLanes(r, c, to);
  }
}

/** The scratch memory: sums of each lane as [point][row][channel] vectors, then lines of both factors. */
const SUM_BYTES: usize = (<usize>(POINTS * ROWS * CHANNELS)) << 4;
const PATCH_BYTES: usize = (<usize>PATCHES) << LINE_SHIFT;
const GRADIENT_POINT: usize = (<usize>((ROWS * PATCHES) | 1)) << LINE_SHIFT;
const INPUT_POINT: usize = (<usize>((CHANNELS * PATCHES) | 1)) << LINE_SHIFT;
export const SCRATCH_BYTES: usize = SUM_BYTES + <usize>SIDE * (GRADIENT_POINT + INPUT_POINT);

// @inline
function sumOf(point: i32, row: i32, channel: i32): usize {
  return (
    scratch() + ((<usize>((point * ROWS + (row & ~1)) * CHANNELS + 2 * channel + (row & 1))) << 4)
  );
}

/** The transformed gradient of a row, over the patches at hand: two rows take turns, four samples each. */
// @inline
function gradientAt(point: i32, row: i32): usize {
  return (
    scratch() +
    SUM_BYTES +
    <usize>point * GRADIENT_POINT +
    <usize>(row & ~1) * PATCH_BYTES +
    ((<usize>(row & 1)) << 4)
  );
}

/** The transformed input of a channel, over the patches at hand. */
// @inline
function inputAt(point: i32, channel: i32): usize {
  return (
    scratch() +
    SUM_BYTES +
    <usize>SIDE * GRADIENT_POINT +
    <usize>point * INPUT_POINT +
    <usize>channel * PATCH_BYTES
  );
}

/** One of the four rows of A y Aᵀ, of the lines of 2 × 2 outputs. */
function transformGradientRow(side: i32, output: usize, row: usize, to: usize, point: usize): void {
  for (const end = output + LINE; output < end; to += 32, output += 16) {
    let a = v128.load(output);
    let b = v128.load(output, 64);
    const c = v128.load(output + row);
    const d = v128.load(output + row, 64);
    // A y: y₀, y₀ + y₁, y₀ − y₁, −y₁.
    if (side === 1) {
      a = f32x4.add(a, c);
      b = f32x4.add(b, d);
    } else if (side === 2) {
      a = f32x4.sub(a, c);
      b = f32x4.sub(b, d);
    } else if (side === 3) {
      a = f32x4.neg(c);
      b = f32x4.neg(d);
    }
    gradientRow(a, b, to, point);
  }
}

// @inline
function gradientRow(a: v128, b: v128, to: usize, point: usize): void {
  v128.store(to, a);
  v128.store(to + point, f32x4.add(a, b));
  v128.store(to + 2 * point, f32x4.sub(a, b));
  v128.store(to + 3 * point, f32x4.neg(b));
}

/** Transforms the gradients of a tile's rows; patches past the end count nothing. */
function transformGradients(
  args: WinogradProducts,
  side: i32,
  patch: i32,
  end: i32,
  row: i32,
  rows: i32,
): void {
  const sweep = args.sweep;
  const order = args.support.order + <usize>(row << 2);
  const step = (<usize>sweep.outputStepY) << LINE_SHIFT;
  for (let k = 0; k < PATCHES; k++) {
    const output = args.outputGradient + patchOutput(sweep, args.patches, min(patch + k, end - 1));
    const lines = (<usize>(2 * k)) << LINE_SHIFT;
    for (let r = 0; r < rows; r++) {
      const plane = (<usize>(load<i32>(order + <usize>(r << 2)) * sweep.outputPlane)) << LINE_SHIFT;
      const to = gradientAt(0, r) + lines;
      if (patch + k < end) transformGradientRow(side, output + plane, step, to, GRADIENT_POINT);
      else clearPoints(to);
    }
  }
}

function clearPoints(to: usize): void {
  const zero = f32x4.splat(0);
  for (let point = 0; point < SIDE; point++, to += GRADIENT_POINT) {
    v128.store(to, zero);
    v128.store(to, zero, 32);
    v128.store(to, zero, 64);
    v128.store(to, zero, 96);
  }
}

/** Transforms the inputs of a tile's channels. */
function transformChannels(
  args: WinogradProducts,
  side: i32,
  patch: i32,
  end: i32,
  channel: i32,
  channels: i32,
): void {
  const sweep = args.sweep;
  const patches = args.patches;
  const step = (<usize>sweep.inputStepY) << LINE_SHIFT;
  for (let k = 0; k < PATCHES; k++) {
    const input = args.input + patchInput(sweep, patches, min(patch + k, end - 1));
    const lines = (<usize>k) << LINE_SHIFT;
    for (let c = 0; c < channels; c++) {
      const plane = (<usize>((channel + c) * patches.inputPlane)) << LINE_SHIFT;
      transformInputRow(side, input + plane, step, inputAt(0, c) + lines, INPUT_POINT);
    }
  }
}

/** The sums of a kernel's points, over their lanes. */
function foldLanes(row: i32, channel: i32, to: usize): void {
  for (let point = 0; point < POINTS; point += SIDE, to += 16) {
    v128.store(
      to,
      sumLanes(
        v128.load(sumOf(point, row, channel)),
        v128.load(sumOf(point + 1, row, channel)),
        v128.load(sumOf(point + 2, row, channel)),
        v128.load(sumOf(point + 3, row, channel)),
      ),
    );
  }
}

/** Adds one point's products of all rows and channels of a tile. */
function addPoint(side: i32, point: i32, rows: i32, channels: i32): void {
  for (let channel = 0; channel < channels; channel += 2) {
    for (let row = 0; row < rows; row += SIX) {
      sixByTwo(
        sumOf(side * SIDE + point, row, channel),
        gradientAt(point, row),
        inputAt(point, channel),
      );
    }
  }
}

/** Six rows by two channels; what lies past a tile's rows and channels is added up, too, and never read. */
function sixByTwo(sums: usize, g: usize, x: usize): void {
  const next: usize = (<usize>CHANNELS) << 5;
  let a0 = v128.load(sums);
  let b0 = v128.load(sums, 16);
  let a1 = v128.load(sums, 32);
  let b1 = v128.load(sums, 48);
  let c0 = v128.load(sums + next);
  let d0 = v128.load(sums + next, 16);
  let c1 = v128.load(sums + next, 32);
  let d1 = v128.load(sums + next, 48);
  let e0 = v128.load(sums + 2 * next);
  let f0 = v128.load(sums + 2 * next, 16);
  let e1 = v128.load(sums + 2 * next, 32);
  let f1 = v128.load(sums + 2 * next, 48);
  for (const end = x + PATCH_BYTES; x < end; x += 16, g += 32) {
    const x0 = v128.load(x);
    const x1 = v128.load(x, PATCH_BYTES);
    let y = v128.load(g);
    a0 = madd(y, x0, a0);
    a1 = madd(y, x1, a1);
    y = v128.load(g, 16);
    b0 = madd(y, x0, b0);
    b1 = madd(y, x1, b1);
    y = v128.load(g, 2 * PATCH_BYTES);
    c0 = madd(y, x0, c0);
    c1 = madd(y, x1, c1);
    y = v128.load(g, 2 * PATCH_BYTES + 16);
    d0 = madd(y, x0, d0);
    d1 = madd(y, x1, d1);
    y = v128.load(g, 4 * PATCH_BYTES);
    e0 = madd(y, x0, e0);
    e1 = madd(y, x1, e1);
    y = v128.load(g, 4 * PATCH_BYTES + 16);
    f0 = madd(y, x0, f0);
    f1 = madd(y, x1, f1);
  }
  v128.store(sums, a0);
  v128.store(sums, b0, 16);
  v128.store(sums, a1, 32);
  v128.store(sums, b1, 48);
  v128.store(sums + next, c0);
  v128.store(sums + next, d0, 16);
  v128.store(sums + next, c1, 32);
  v128.store(sums + next, d1, 48);
  v128.store(sums + 2 * next, e0);
  v128.store(sums + 2 * next, f0, 16);
  v128.store(sums + 2 * next, e1, 32);
  v128.store(sums + 2 * next, f1, 48);
}

/** Gᵀ w G of the products of every kernel, the parts added up in order. A tile is FOLD_ROWS rows. */
export function foldWinograd(args: FoldWinograd, tile: i32): void {
  const support = args.support;
  const channels = args.patches.channels;
  const count = args.scope === Scope.activeRows ? support.activeRows : support.rows;
  const part = (<usize>(support.rows * channels * POINTS)) << 2;
  const weight = blockWeight(args.batch, args.scope);
  for (let at = tile * FOLD_ROWS; at < min((tile + 1) * FOLD_ROWS, count); at++) {
    const row = load<i32>(support.order + <usize>(at << 2));
    let from = args.products + ((<usize>(row * channels * POINTS)) << 2);
    let to = args.weightGradient + ((<usize>(row * support.columns)) << 2);
    for (let channel = 0; channel < channels; channel++, from += POINTS * 4, to += 36) {
      foldKernel(from, part, args.parts, weight, to);
    }
  }
}

function foldKernel(products: usize, part: usize, parts: i32, weight: f32, to: usize): void {
  const zero = f32x4.splat(0);
  let a = zero;
  let b = zero;
  let c = zero;
  let d = zero;
  for (let i = 0; i < parts; i++, products += part) {
    a = f32x4.add(a, v128.load(products));
    b = f32x4.add(b, v128.load(products, 16));
    c = f32x4.add(c, v128.load(products, 32));
    d = f32x4.add(d, v128.load(products, 48));
  }
  const middle = half(f32x4.add(b, c));
  writeRow(f32x4.add(a, middle), weight, to);
  writeRow(half(f32x4.sub(b, c)), weight, to + 12);
  writeRow(f32x4.add(middle, d), weight, to + 24);
}

// @inline
function writeRow(w: v128, weight: f32, to: usize): void {
  const w0 = f32x4.extract_lane(w, 0);
  const w1 = f32x4.extract_lane(w, 1);
  const w2 = f32x4.extract_lane(w, 2);
  const w3 = f32x4.extract_lane(w, 3);
  const middle = (w1 + w2) * 0.5;
  store<f32>(to, weight * (w0 + middle));
  store<f32>(to, weight * ((w1 - w2) * 0.5), 4);
  store<f32>(to, weight * (middle + w3), 8);
}
