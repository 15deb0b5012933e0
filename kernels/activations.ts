// Element-wise non-linearities. Their derivatives are functions of the result, so the input need
// not be kept. A tile is one block.

import { LINE } from './layout';
import { exp } from './simd';

@unmanaged
class Activation {
  kind: i32;
  features: i32;
  slope: f32;
  input: usize;
  output: usize;
}

@unmanaged
class ActivationGradient {
  kind: i32;
  features: i32;
  slope: f32;
  output: usize;
  outputGradient: usize;
  inputGradient: usize;
}

/** Numbers agree with `activationKinds` of src/nn/layers/activation.ts. */
const RELU: i32 = 0;
const LEAKY_RELU: i32 = 1;
const SIGMOID: i32 = 2;
const TANH: i32 = 3;

export function activationForward(args: Activation, tile: i32): void {
  const bytes = <usize>args.features * LINE;
  const from = args.input + <usize>tile * bytes, to = args.output + <usize>tile * bytes;
  const zero = f32x4.splat(0), slope = f32x4.splat(args.slope);
  const kind = args.kind;
  for (let i: usize = 0; i < bytes; i += 16) {
    const x = v128.load(from + i);
    let y = zero;
    if (kind == RELU) y = f32x4.max(x, zero);
    else if (kind == LEAKY_RELU) y = v128.bitselect(x, f32x4.mul(x, slope), f32x4.gt(x, zero));
    else if (kind == SIGMOID) y = sigmoid(x);
    else if (kind == TANH) y = tanh(x);
    v128.store(to + i, y);
  }
}

// @ts-ignore: decorator
@inline
function sigmoid(x: v128): v128 {
  const one = f32x4.splat(1);
  return f32x4.div(one, f32x4.add(one, exp(f32x4.neg(x))));
}

/** 2σ(2x) − 1, and x − x³/3 where that would cancel. */
// @ts-ignore: decorator
@inline
function tanh(x: v128): v128 {
  const far = f32x4.sub(f32x4.mul(f32x4.splat(2), sigmoid(f32x4.add(x, x))), f32x4.splat(1));
  const square = f32x4.mul(x, x);
  let series = f32x4.add(f32x4.mul(square, f32x4.splat(-17.0 / 315.0)), f32x4.splat(2.0 / 15.0));
  series = f32x4.add(f32x4.mul(square, series), f32x4.splat(-1.0 / 3.0));
  const near = f32x4.add(x, f32x4.mul(f32x4.mul(x, square), series));
  return v128.bitselect(near, far, f32x4.lt(f32x4.abs(x), f32x4.splat(0.15)));
}

export function activationBackward(args: ActivationGradient, tile: i32): void {
  const bytes = <usize>args.features * LINE;
  const offset = <usize>tile * bytes;
  const outputs = args.output + offset, from = args.outputGradient + offset, to = args.inputGradient + offset;
  const zero = f32x4.splat(0), one = f32x4.splat(1), slope = f32x4.splat(args.slope);
  const kind = args.kind;
  for (let i: usize = 0; i < bytes; i += 16) {
    const y = v128.load(outputs + i), g = v128.load(from + i);
    let d = zero;
    if (kind == RELU) d = v128.and(g, f32x4.gt(y, zero));
    else if (kind == LEAKY_RELU) d = v128.bitselect(g, f32x4.mul(g, slope), f32x4.gt(y, zero));
    else if (kind == SIGMOID) d = f32x4.mul(g, f32x4.mul(y, f32x4.sub(one, y)));
    else if (kind == TANH) d = f32x4.mul(g, f32x4.sub(one, f32x4.mul(y, y)));
    v128.store(to + i, d);
  }
}
