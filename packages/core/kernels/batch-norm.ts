// Batch normalization, with the addition of a skip connection and the ReLU that follow it: bound by
// memory, so done in one go. A tile is one channel over the whole batch.

import { Reads, Writes } from './access';
import { Batch, LINE, LINE_SHIFT } from './layout';
import { Planes, planeOf, rowBytes, sampleMask } from './planes';
import { sum } from './simd';

@unmanaged
class BatchNorm {
  batch: Batch;
  inputLayout: Planes;
  outputLayout: Planes;
  skipLayout: Planes;
  input: Reads;
  skip: Reads; // 0: none
  output: Writes;
  weight: Reads; // γ
  bias: Reads; // β
  runningMean: Writes;
  runningVariance: Writes;
  mean: Writes; // of this batch, kept for the backward pass
  inverseDeviation: Writes;
  relu: i32;
  momentum: f32;
  epsilon: f32;
}

@unmanaged
class BatchNormGradient {
  batch: Batch;
  inputLayout: Planes;
  outputLayout: Planes;
  skipLayout: Planes;
  input: Reads;
  output: Reads;
  outputGradient: Reads;
  weight: Reads;
  mean: Reads;
  inverseDeviation: Reads;
  inputGradient: Writes; // 0: none
  skipGradient: Writes; // 0: none
  skipAccumulates: i32; // 1: add to what the skip's gradient holds
  weightGradient: Writes;
  biasGradient: Writes;
  relu: i32;
  accumulate: i32; // 1: add to what the input's gradient holds
}

/** Σ (x − center)^power over the samples of a channel, power 1 or 2. */
// @inline
function moment(args: BatchNorm, channel: i32, center: f32, square: bool): f64 {
  const layout = args.inputLayout;
  const middle = f32x4.splat(center);
  const width = (<usize>layout.width) << LINE_SHIFT;
  let total: f64 = 0;
  for (let block = 0; block < args.batch.blocks; block++) {
    const m0 = sampleMask(args.batch, block, 0);
    const m1 = sampleMask(args.batch, block, 16);
    const m2 = sampleMask(args.batch, block, 32);
    const m3 = sampleMask(args.batch, block, 48);
    let row = planeOf(layout, args.input, block, channel);
    let s0 = f32x4.splat(0);
    let s1 = s0;
    let s2 = s0;
    let s3 = s0;
    for (let y = 0; y < layout.height; y++, row += rowBytes(layout)) {
      for (let at = row; at < row + width; at += LINE) {
        const x0 = v128.and(m0, f32x4.sub(v128.load(at), middle));
        const x1 = v128.and(m1, f32x4.sub(v128.load(at, 16), middle));
        const x2 = v128.and(m2, f32x4.sub(v128.load(at, 32), middle));
        const x3 = v128.and(m3, f32x4.sub(v128.load(at, 48), middle));
        s0 = f32x4.add(s0, square ? f32x4.mul(x0, x0) : x0);
        s1 = f32x4.add(s1, square ? f32x4.mul(x1, x1) : x1);
        s2 = f32x4.add(s2, square ? f32x4.mul(x2, x2) : x2);
        s3 = f32x4.add(s3, square ? f32x4.mul(x3, x3) : x3);
      }
    }
    total += <f64>sum(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)));
  }
  return total;
}

/** With the statistics of the batch; they move the running ones as PyTorch's do. */
export function batchNormTraining(args: BatchNorm, tile: i32): void {
  const layout = args.inputLayout;
  const at = <usize>(tile << 2);
  const count = <f64>(args.batch.samples * layout.height * layout.width);
  const mean = <f32>(moment(args, tile, 0, false) / count);
  const squares = moment(args, tile, mean, true);
  const variance = <f32>(squares / count);
  const inverse: f32 = <f32>1 / sqrt<f32>(variance + args.epsilon);
  store<f32>(args.mean + at, mean);
  store<f32>(args.inverseDeviation + at, inverse);
  const unbiased = <f32>(squares / max(count - 1, 1));
  moveRunning(args.runningMean + at, mean, args.momentum);
  moveRunning(args.runningVariance + at, unbiased, args.momentum);
  normalize(args, tile, mean, inverse);
}

/** With the running statistics. */
export function batchNormEvaluation(args: BatchNorm, tile: i32): void {
  const at = <usize>(tile << 2);
  const variance = load<f32>(args.runningVariance + at);
  normalize(
    args,
    tile,
    load<f32>(args.runningMean + at),
    <f32>1 / sqrt<f32>(variance + args.epsilon),
  );
}

// @inline
function moveRunning(at: usize, value: f32, momentum: f32): void {
  store<f32>(at, load<f32>(at) * (<f32>1 - momentum) + value * momentum);
}

function normalize(args: BatchNorm, channel: i32, mean: f32, inverse: f32): void {
  const from = args.inputLayout;
  const to = args.outputLayout;
  const gain = load<f32>(args.weight + <usize>(channel << 2)) * inverse;
  const scale = f32x4.splat(gain);
  const shift = f32x4.splat(load<f32>(args.bias + <usize>(channel << 2)) - mean * gain);
  const least = f32x4.splat(args.relu ? <f32>0 : -(<f32>Infinity));
  const width = (<usize>from.width) << LINE_SHIFT;
  for (let block = 0; block < args.batch.blocks; block++) {
    let source = planeOf(from, args.input, block, channel);
    let target = planeOf(to, args.output, block, channel);
    let skip = args.skip ? planeOf(args.skipLayout, args.skip, block, channel) : 0;
    for (let y = 0; y < from.height; y++) {
      for (let i: usize = 0; i < width; i += 16) {
        let value = f32x4.add(f32x4.mul(v128.load(source + i), scale), shift);
        if (skip) value = f32x4.add(value, v128.load(skip + i));
        v128.store(target + i, f32x4.max(value, least));
      }
      source += rowBytes(from);
      target += rowBytes(to);
      if (skip) skip += rowBytes(args.skipLayout);
    }
  }
}

/** The gradient behind the ReLU: dz = dy where y > 0; lanes without a sample give 0. */
// @inline
function behindRelu(gradient: usize, output: usize, mask: v128, relu: bool): v128 {
  const g = v128.and(v128.load(gradient), mask);
  return relu ? v128.and(g, f32x4.gt(v128.load(output), f32x4.splat(0))) : g;
}

/** dγ = Σ dz x̂, dβ = Σ dz, dx = γ/σ (dz − dβ/n − x̂ dγ/n); the skip connection gets dz. */
export function batchNormBackward(args: BatchNormGradient, tile: i32): void {
  const at = <usize>(tile << 2);
  const mean = load<f32>(args.mean + at);
  const inverse = load<f32>(args.inverseDeviation + at);
  sumGradients(args, tile, mean, inverse);
  const layout = args.inputLayout;
  const share = <f32>1 / <f32>(args.batch.samples * layout.height * layout.width);
  const gain = load<f32>(args.weight + at) * inverse;
  // dx = gain · dz + slope · x + offset
  const slope = -gain * inverse * load<f32>(args.weightGradient + at) * share;
  const offset = -gain * load<f32>(args.biasGradient + at) * share - slope * mean;
  spreadGradients(args, tile, gain, slope, offset);
}

function sumGradients(args: BatchNormGradient, channel: i32, mean: f32, inverse: f32): void {
  const from = args.inputLayout;
  const to = args.outputLayout;
  const relu = args.relu !== 0;
  const width = (<usize>from.width) << LINE_SHIFT;
  const middle = f32x4.splat(mean);
  let bias: f64 = 0;
  let weight: f64 = 0;
  for (let block = 0; block < args.batch.blocks; block++) {
    let b = f32x4.splat(0);
    let w = f32x4.splat(0);
    for (let quarter: usize = 0; quarter < LINE; quarter += 16) {
      const mask = sampleMask(args.batch, block, quarter);
      let x = planeOf(from, args.input, block, channel) + quarter;
      let y = planeOf(to, args.output, block, channel) + quarter;
      let g = planeOf(to, args.outputGradient, block, channel) + quarter;
      for (let row = 0; row < from.height; row++) {
        for (let i: usize = 0; i < width; i += LINE) {
          const dz = behindRelu(g + i, y + i, mask, relu);
          b = f32x4.add(b, dz);
          w = f32x4.add(w, f32x4.mul(dz, f32x4.sub(v128.load(x + i), middle)));
        }
        x += rowBytes(from);
        y += rowBytes(to);
        g += rowBytes(to);
      }
    }
    bias += <f64>sum(b);
    weight += <f64>sum(w);
  }
  store<f32>(args.biasGradient + <usize>(channel << 2), <f32>bias);
  store<f32>(args.weightGradient + <usize>(channel << 2), <f32>(weight * <f64>inverse));
}

function spreadGradients(
  args: BatchNormGradient,
  channel: i32,
  gain: f32,
  slope: f32,
  offset: f32,
): void {
  const from = args.inputLayout;
  const to = args.outputLayout;
  const relu = args.relu !== 0;
  const width = (<usize>from.width) << LINE_SHIFT;
  const a = f32x4.splat(gain);
  const b = f32x4.splat(slope);
  const c = f32x4.splat(offset);
  for (let block = 0; block < args.batch.blocks; block++) {
    for (let quarter: usize = 0; quarter < LINE; quarter += 16) {
      const mask = sampleMask(args.batch, block, quarter);
      let x = planeOf(from, args.input, block, channel) + quarter;
      let dx = args.inputGradient ? planeOf(from, args.inputGradient, block, channel) + quarter : 0;
      let y = planeOf(to, args.output, block, channel) + quarter;
      let g = planeOf(to, args.outputGradient, block, channel) + quarter;
      let skip = args.skipGradient
        ? planeOf(args.skipLayout, args.skipGradient, block, channel) + quarter
        : 0;
      for (let row = 0; row < from.height; row++) {
        for (let i: usize = 0; i < width; i += LINE) {
          const dz = behindRelu(g + i, y + i, mask, relu);
          const dxi = f32x4.add(f32x4.mul(a, dz), f32x4.add(f32x4.mul(b, v128.load(x + i)), c));
          const masked = v128.and(dxi, mask);
          if (dx)
            v128.store(dx + i, args.accumulate ? f32x4.add(v128.load(dx + i), masked) : masked);
          if (skip) {
            v128.store(skip + i, args.skipAccumulates ? f32x4.add(v128.load(skip + i), dz) : dz);
          }
        }
        x += rowBytes(from);
        if (dx) dx += rowBytes(from);
        y += rowBytes(to);
        g += rowBytes(to);
        if (skip) skip += rowBytes(args.skipLayout);
      }
    }
  }
}
