// Element-wise non-linearities. Their derivatives are functions of the result, so the input need
// not be kept. A tile is one block.

import { Reads, Writes } from './access';
import { LINE_SHIFT } from './layout';
import { Planes, planeOf, rowBytes } from './planes';
import { exp } from './simd';

/** Which function of each number. */
export enum ActivationKind {
  relu,
  leakyRelu,
  sigmoid,
  tanh,
}

@unmanaged
class Activation {
  layout: Planes; // of input and output alike
  kind: ActivationKind;
  slope: f32;
  input: Reads;
  output: Writes;
}

@unmanaged
class ActivationGradient {
  layout: Planes;
  kind: ActivationKind;
  slope: f32;
  output: Reads;
  outputGradient: Reads;
  inputGradient: Writes;
  accumulate: i32; // 1: add to what the input's gradient holds
}

export function activationForward(args: Activation, tile: i32): void {
  const layout = args.layout;
  for (let channel = 0; channel < layout.channels; channel++) {
    let from = planeOf(layout, args.input, tile, channel);
    let to = planeOf(layout, args.output, tile, channel);
    for (let y = 0; y < layout.height; y++, from += rowBytes(layout), to += rowBytes(layout)) {
      activateRow(args, from, to);
    }
  }
}

function activateRow(args: Activation, from: usize, to: usize): void {
  const bytes = (<usize>args.layout.width) << LINE_SHIFT;
  const zero = f32x4.splat(0);
  const slope = f32x4.splat(args.slope);
  const kind = args.kind;
  for (let i: usize = 0; i < bytes; i += 16) {
    const x = v128.load(from + i);
    let y = zero;
    if (kind === ActivationKind.relu)
      y = f32x4.pmax(x, zero); // one instruction, and NaN stays NaN
    else if (kind === ActivationKind.leakyRelu)
      y = v128.bitselect(x, f32x4.mul(x, slope), f32x4.gt(x, zero));
    else if (kind === ActivationKind.sigmoid) y = sigmoid(x);
    else if (kind === ActivationKind.tanh) y = tanh(x);
    v128.store(to + i, y);
  }
}

// @inline
function sigmoid(x: v128): v128 {
  const one = f32x4.splat(1);
  return f32x4.div(one, f32x4.add(one, exp(f32x4.neg(x))));
}

/** 2σ(2x) − 1, and x − x³/3 where that would cancel. */
// @inline
function tanh(x: v128): v128 {
  const far = f32x4.sub(f32x4.mul(f32x4.splat(2), sigmoid(f32x4.add(x, x))), f32x4.splat(1));
  const square = f32x4.mul(x, x);
  let series = f32x4.add(f32x4.mul(square, f32x4.splat(-17.0 / 315.0)), f32x4.splat(2.0 / 15.0));
  series = f32x4.add(f32x4.mul(square, series), f32x4.splat(-1.0 / 3.0));
  const near = f32x4.add(x, f32x4.mul(f32x4.mul(x, square), series));
  return v128.bitselect(near, far, f32x4.lt(f32x4.abs(x), f32x4.splat(0.15)));
}

export function activationBackward(args: ActivationGradient, tile: i32): void {
  const layout = args.layout;
  for (let channel = 0; channel < layout.channels; channel++) {
    let y = planeOf(layout, args.output, tile, channel);
    let from = planeOf(layout, args.outputGradient, tile, channel);
    let to = planeOf(layout, args.inputGradient, tile, channel);
    for (let row = 0; row < layout.height; row++) {
      differentiateRow(args, y, from, to);
      y += rowBytes(layout);
      from += rowBytes(layout);
      to += rowBytes(layout);
    }
  }
}

function differentiateRow(args: ActivationGradient, outputs: usize, from: usize, to: usize): void {
  const bytes = (<usize>args.layout.width) << LINE_SHIFT;
  const kind = args.kind;
  const zero = f32x4.splat(0);
  const one = f32x4.splat(1);
  const slope = f32x4.splat(args.slope);
  for (let i: usize = 0; i < bytes; i += 16) {
    const y = v128.load(outputs + i);
    const g = v128.load(from + i);
    let d = zero;
    if (kind === ActivationKind.relu) d = v128.and(g, f32x4.gt(y, zero));
    else if (kind === ActivationKind.leakyRelu)
      d = v128.bitselect(g, f32x4.mul(g, slope), f32x4.gt(y, zero));
    else if (kind === ActivationKind.sigmoid) d = f32x4.mul(g, f32x4.mul(y, f32x4.sub(one, y)));
    else if (kind === ActivationKind.tanh) d = f32x4.mul(g, f32x4.sub(one, f32x4.mul(y, y)));
    v128.store(to + i, args.accumulate ? f32x4.add(v128.load(to + i), d) : d);
  }
}
