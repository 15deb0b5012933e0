// Losses, averaged over the samples of the batch, and their gradients. A tile is one block; lanes
// past the samples get the gradient 0, and with it no influence on any weight.

import { Reads, Writes } from './access';
import { Batch, LANES, LINE } from './layout';
import { exp } from './simd';

@unmanaged
class CrossEntropy {
  batch: Batch;
  classes: i32;
  smoothing: f32; // the share of each label that all classes get alike
  logits: Reads;
  labels: Reads; // i32[sample]
  gradient: Writes;
  losses: Writes; // f32[sample]
  hits: Writes; // i32[sample]: 1 where the largest logit, the first of equals, is the label's
}

@unmanaged
class SquaredError {
  batch: Batch;
  features: i32;
  lines: i32; // features and the zeros around them
  output: Reads;
  target: Reads; // blocked like the output
  gradient: Writes;
  losses: Writes; // f32[sample]
}

/** All ones in the first `samples` lanes from `lane` on. */
// @inline
function laneMask(lane: i32, samples: i32): v128 {
  return i32x4.lt_s(i32x4.add(i32x4.splat(lane), i32x4(0, 1, 2, 3)), i32x4.splat(samples));
}

/** −log softmax(logits)[label] and softmax(logits) − onehot(label), over n. */
export function softmaxCrossEntropy(args: CrossEntropy, tile: i32): void {
  const samples = min(LANES, args.batch.samples - tile * LANES);
  const offset = <usize>tile * <usize>args.classes * LINE;
  const share = f32x4.splat(<f32>1 / <f32>args.batch.samples);
  for (let lane = 0; lane < LANES; lane += 4) {
    const logits = args.logits + offset + <usize>(lane << 2);
    const end = logits + <usize>args.classes * LINE;
    let largest = v128.load(logits);
    for (let x = logits; x < end; x += LINE) largest = f32x4.pmax(largest, v128.load(x));
    let total = f32x4.splat(0);
    let gradient = args.gradient + offset + <usize>(lane << 2);
    for (let x = logits; x < end; x += LINE, gradient += LINE) {
      const e = exp(f32x4.sub(v128.load(x), largest));
      total = f32x4.add(total, e);
      v128.store(gradient, e);
    }
    const scale = v128.and(f32x4.div(share, total), laneMask(lane, samples));
    gradient = args.gradient + offset + <usize>(lane << 2);
    for (let x = logits; x < end; x += LINE, gradient += LINE) {
      v128.store(gradient, f32x4.mul(v128.load(gradient), scale));
    }
    const first = tile * LANES + lane;
    if (lane < samples)
      score(args, first, offset, f32x4.extract_lane(largest, 0), f32x4.extract_lane(total, 0));
    if (lane + 1 < samples)
      score(args, first + 1, offset, f32x4.extract_lane(largest, 1), f32x4.extract_lane(total, 1));
    if (lane + 2 < samples)
      score(args, first + 2, offset, f32x4.extract_lane(largest, 2), f32x4.extract_lane(total, 2));
    if (lane + 3 < samples)
      score(args, first + 3, offset, f32x4.extract_lane(largest, 3), f32x4.extract_lane(total, 3));
  }
  if (args.smoothing === 0) return;
  for (let lane = 0; lane < samples; lane++) smooth(args, tile * LANES + lane, offset);
}

/** The loss, the hit and the one-hot part of the gradient of one sample. */
function score(args: CrossEntropy, sample: i32, offset: usize, largest: f32, total: f32): void {
  const at = <usize>(sample << 2);
  const lane = <usize>((sample & (LANES - 1)) << 2);
  const label = offset + <usize>load<i32>(args.labels + at) * LINE + lane;
  const own = load<f32>(args.logits + label);
  store<f32>(args.losses + at, NativeMathf.log(total) + (largest - own));
  let hit = own === largest;
  for (let before = offset + lane; hit && before < label; before += LINE) {
    hit = load<f32>(args.logits + before) < largest;
  }
  store<i32>(args.hits + at, i32(hit));
  const gradient = args.gradient + label;
  store<f32>(gradient, load<f32>(gradient) - <f32>1 / <f32>args.batch.samples);
}

/**
 * What smoothing adds to one sample. The target is (1 − ε) onehot(label) + ε / classes in place of onehot(label),
 * so the loss grows by ε (logits[label] − mean(logits)), and its gradient by ε (onehot(label) − 1 / classes).
 */
function smooth(args: CrossEntropy, sample: i32, offset: usize): void {
  const at = <usize>(sample << 2);
  const column = offset + <usize>((sample & (LANES - 1)) << 2);
  const label = <usize>load<i32>(args.labels + at) * LINE;
  const own = load<f32>(args.logits + column + label);
  const share = args.smoothing / <f32>args.batch.samples;
  const each = share / <f32>args.classes;
  const end = <usize>args.classes * LINE;
  let lead: f32 = 0;
  for (let line: usize = 0; line < end; line += LINE) {
    lead += own - load<f32>(args.logits + column + line);
    const gradient = args.gradient + column + line;
    store<f32>(gradient, load<f32>(gradient) - each);
  }
  const gradient = args.gradient + column + label;
  store<f32>(gradient, load<f32>(gradient) + share);
  const loss = args.losses + at;
  store<f32>(loss, load<f32>(loss) + (args.smoothing * lead) / <f32>args.classes);
}

/** Mean over the features of (y − t)², and its gradient over n. */
export function squaredError(args: SquaredError, tile: i32): void {
  const samples = min(LANES, args.batch.samples - tile * LANES);
  const bytes = <usize>args.lines * LINE;
  const offset = <usize>tile * bytes;
  const mean = <f32>1 / <f32>args.features;
  const scale = (<f32>2 * mean) / <f32>args.batch.samples;
  for (let lane = 0; lane < LANES; lane += 4) {
    const weight = v128.and(f32x4.splat(scale), laneMask(lane, samples));
    let total = f32x4.splat(0);
    const end = offset + bytes;
    for (let at = offset + <usize>(lane << 2); at < end; at += LINE) {
      const difference = f32x4.sub(v128.load(args.output + at), v128.load(args.target + at));
      total = f32x4.add(total, f32x4.mul(difference, difference));
      v128.store(args.gradient + at, f32x4.mul(difference, weight));
    }
    v128.store(
      args.losses + <usize>((tile * LANES + lane) << 2),
      f32x4.mul(total, f32x4.splat(mean)),
    );
  }
}
