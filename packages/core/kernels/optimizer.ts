// One optimizer step on one parameter, fused: move the subgradient v (or θ itself), apply the
// proximal operator, mark and count what is left. The plain version is src/optim/<method>.ts.

import { Updates, Writes } from './access';
import { marksOf, Support } from './layout';
import { sum } from './simd';
import { markRow, marksOfSixteen } from './support';

/** How the moved variable u follows the gradient. */
export enum Update {
  /** u −= τ g */
  plain,
  /** m = β m + (1 − β) τ g; u −= m */
  averaged,
  /** m = β m + g; u −= τ m */
  heavyBall,
  /** u −= τ m̂ / (√ŝ + ε) */
  adam,
}

/** Settings of a parameter group, written by the engine's host before each step. */
@unmanaged
class Settings {
  update: Update;
  learningRate: f32;
  momentum: f32;
  beta1: f32;
  beta2: f32;
  epsilon: f32;
  correction1: f32; // 1 − β₁ᵗ
  correction2: f32; // √(1 − β₂ᵗ)
  scale: f32; // θ = prox(scale · u): δ for Bregman methods, 1 for the others
  entryThreshold: f32; // of the soft threshold on entries
  groupThreshold: f32; // of the shrinkage of groups, before √n_g
  nonnegative: i32;
  entrySubgradient: f32; // Lasso: weight of sign(θ) added to the gradient
  groupSubgradient: f32; // Lasso: weight of √n_g θ_g / ‖θ_g‖
  onSupport: i32; // 1: what belongs to a zero of a weight rests
  leastAlive: f32; // what a live weight becomes that the step lands at 0; 0: it rests from then on
}

@unmanaged
class OptimizerStep {
  settings: Settings;
  rows: i32;
  columns: i32;
  rowsPerTile: i32;
  groupSize: i32; // entries of a contiguous group, 0: none
  theta: Writes;
  moved: Writes; // v, or θ where the method moves θ itself
  gradient: Writes;
  firstMoment: Writes; // 0: none
  secondMoment: Writes;
  support: Updates<Support>; // 0: none, do not count
}

@unmanaged
class ShrinkColumns {
  settings: Settings;
  rows: i32;
  columns: i32;
  /** A column of a convolution is the kernels of one input channel: `depth` entries of every row. */
  depth: i32;
  theta: Writes;
}

/** A tile is `rowsPerTile` rows. */
export function optimizerStep(args: OptimizerStep, tile: i32): void {
  const settings = args.settings;
  const columns = args.columns;
  const first = tile * args.rowsPerTile;
  const last = min(first + args.rowsPerTile, args.rows);
  const start = (<usize>(first * columns)) << 2;
  const end = (<usize>(last * columns)) << 2;
  if (settings.entrySubgradient !== 0) addEntrySubgradient(args, start, end);
  if (settings.groupSubgradient !== 0 && args.groupSize) addGroupSubgradient(args, start, end);
  if (isOnePass(args)) {
    stepRowsAtOnce(args, first, last);
    return;
  }
  move(args, start, end);
  if (settings.leastAlive !== 0 && changetype<usize>(args.support)) keepAlive(args, first, last);
  thresholdEntries(args, start, end);
  if (settings.groupThreshold !== 0 && args.groupSize) shrinkGroups(args, start, end);
  if (!changetype<usize>(args.support)) return;
  for (let row = first; row < last; row++) {
    markRow(args.support, row, args.theta + ((<usize>(row * columns)) << 2));
  }
}

/** The commonest step, LinBreg with l1, reads and writes every array once. */
function isOnePass(args: OptimizerStep): bool {
  const settings = args.settings;
  return (
    settings.update === Update.plain &&
    !settings.onSupport &&
    settings.groupThreshold === 0 &&
    changetype<usize>(args.support) !== 0
  );
}

function stepRowsAtOnce(args: OptimizerStep, first: i32, last: i32): void {
  const support = args.support;
  const bytes = (<usize>args.columns) << 2;
  for (let row = first; row < last; row++) {
    const start = <usize>row * bytes;
    const count = stepAndMark(args, start, start + bytes, marksOf(support, row));
    store<i32>(support.counts + <usize>(row << 2), count);
  }
}

/** u −= τ g; θ = prox(scale · u); returns the number of non-zeros. */
function stepAndMark(args: OptimizerStep, at: usize, end: usize, marks: usize): i32 {
  const settings = args.settings;
  const rate = f32x4.splat(settings.learningRate);
  const scale = f32x4.splat(settings.scale);
  const threshold = f32x4.splat(settings.entryThreshold);
  const bottom = f32x4.neg(threshold);
  const least = leastOf(settings);
  let moved = args.moved + at;
  let theta = args.theta + at;
  let gradient = args.gradient + at;
  let count = 0;
  const last = moved + (end - at);
  const sixteens = moved + ((end - at) & ~63);
  for (; moved < sixteens; moved += 64, theta += 64, gradient += 64, marks += 2) {
    let u = f32x4.sub(v128.load(moved), f32x4.mul(rate, v128.load(gradient)));
    v128.store(moved, u);
    const a = prox(f32x4.mul(scale, u), threshold, bottom, least);
    v128.store(theta, a);
    u = f32x4.sub(v128.load(moved, 16), f32x4.mul(rate, v128.load(gradient, 16)));
    v128.store(moved, u, 16);
    const b = prox(f32x4.mul(scale, u), threshold, bottom, least);
    v128.store(theta, b, 16);
    u = f32x4.sub(v128.load(moved, 32), f32x4.mul(rate, v128.load(gradient, 32)));
    v128.store(moved, u, 32);
    const c = prox(f32x4.mul(scale, u), threshold, bottom, least);
    v128.store(theta, c, 32);
    u = f32x4.sub(v128.load(moved, 48), f32x4.mul(rate, v128.load(gradient, 48)));
    v128.store(moved, u, 48);
    const d = prox(f32x4.mul(scale, u), threshold, bottom, least);
    v128.store(theta, d, 48);
    const bits = marksOfSixteen(a, b, c, d);
    store<u16>(marks, <u16>bits);
    count += popcnt(bits);
  }
  if (moved === last) return count;
  let bits = 0;
  for (let bit = 1; moved < last; moved += 4, theta += 4, gradient += 4, bit <<= 1) {
    const u = f32x4.sub(v128.load32_zero(moved), f32x4.mul(rate, v128.load32_zero(gradient)));
    v128.store32_lane(moved, u, 0);
    const x = prox(f32x4.mul(scale, u), threshold, bottom, least);
    v128.store32_lane(theta, x, 0);
    if (f32x4.extract_lane(x, 0) !== 0) bits |= bit;
  }
  store<u16>(marks, <u16>bits);
  return count + popcnt(bits);
}

/**
 * Soft threshold, then the bound below: x minus its projection to [−t, t], so that NaN and infinities pass
 * through. pmin and pmax are one instruction each and keep a NaN in their first argument.
 */
// @inline
function prox(x: v128, threshold: v128, bottom: v128, least: v128): v128 {
  const near = f32x4.pmax(f32x4.pmin(x, threshold), bottom);
  return f32x4.pmax(f32x4.sub(x, near), least);
}

/*
 * The element-wise loops take four entries at a time, then one to three single ones, in lane 0 of
 * the same instructions. `whole` is a constant wherever a body is inlined.
 */

// @inline
function get(at: usize, whole: bool): v128 {
  return whole ? v128.load(at) : v128.load32_zero(at);
}

// @inline
function put(at: usize, value: v128, whole: bool): void {
  if (whole) v128.store(at, value);
  else v128.store32_lane(at, value, 0);
}

/** Writes, if `masked` where the mask is set. */
// @inline
function putMasked(at: usize, value: v128, mask: v128, masked: bool, whole: bool): void {
  put(at, masked ? v128.bitselect(value, get(at, whole), mask) : value, whole);
}

/** End of the last four whole entries of a range. */
// @inline
function endOfFours(start: usize, end: usize): usize {
  return start + ((end - start) & ~15);
}

/** Each combination is a loop of its own: `update` and `masked` are constants where it is inlined. */
function move(args: OptimizerStep, at: usize, end: usize): void {
  const update = args.settings.update;
  // Biases and gains have no support, and never rest.
  if (args.settings.onSupport && changetype<usize>(args.support)) {
    if (update === Update.plain) moveRange(args, Update.plain, true, at, end);
    else if (update === Update.adam) moveRange(args, Update.adam, true, at, end);
    else moveRange(args, Update.averaged, true, at, end);
  } else if (update === Update.plain) movePlainly(args, at, end);
  else if (update === Update.adam) moveRange(args, Update.adam, false, at, end);
  else moveRange(args, Update.averaged, false, at, end);
}

/** The commonest loop, with all that does not change in registers. */
function movePlainly(args: OptimizerStep, at: usize, end: usize): void {
  const rate = f32x4.splat(args.settings.learningRate);
  const moved = args.moved;
  const gradient = args.gradient;
  for (const fours = endOfFours(at, end); at < fours; at += 16)
    plainMove(moved + at, gradient + at, rate, true);
  for (; at < end; at += 4) plainMove(moved + at, gradient + at, rate, false);
}

// @inline
function plainMove(moved: usize, gradient: usize, rate: v128, whole: bool): void {
  put(moved, f32x4.sub(get(moved, whole), f32x4.mul(rate, get(gradient, whole))), whole);
}

// @inline
function moveRange(args: OptimizerStep, update: Update, masked: bool, at: usize, end: usize): void {
  const rate = f32x4.splat(args.settings.learningRate);
  for (const fours = endOfFours(at, end); at < fours; at += 16)
    moveAt(args, update, masked, rate, at, true);
  for (; at < end; at += 4) moveAt(args, update, masked, rate, at, false);
}

// @inline
function moveAt(
  args: OptimizerStep,
  update: Update,
  masked: bool,
  rate: v128,
  at: usize,
  whole: bool,
): void {
  let mask = i32x4.splat(-1);
  if (masked) {
    mask = f32x4.ne(get(args.theta + at, whole), f32x4.splat(0));
    // Most vectors of a sparse weight are at rest.
    if (!v128.any_true(mask)) return;
  }
  if (update === Update.plain) {
    const step = f32x4.mul(rate, get(args.gradient + at, whole));
    putMasked(args.moved + at, f32x4.sub(get(args.moved + at, whole), step), mask, masked, whole);
  } else if (update === Update.adam) {
    adamMove(args, at, mask, masked, whole);
  } else {
    momentumMove(args, at, mask, masked, whole);
  }
}

/** Rows in which what lived before the step, as the marks still say, lives on where it has become 0. */
function keepAlive(args: OptimizerStep, first: i32, last: i32): void {
  const columns = args.columns;
  const least = args.settings.leastAlive;
  for (let row = first; row < last; row++) {
    const weights = args.moved + ((<usize>(row * columns)) << 2);
    let marks = marksOf(args.support, row);
    for (let column = 0; column < columns; column += 64, marks += 8) {
      for (let bits = load<u64>(marks); bits; bits &= bits - 1) {
        const at = weights + <usize>((column + <i32>ctz(bits)) << 2);
        if (load<f32>(at) === 0) store<f32>(at, least);
      }
    }
  }
}

/** Averaging has the learning rate inside the moment, the heavy ball outside. */
// @inline
function momentumMove(args: OptimizerStep, at: usize, mask: v128, masked: bool, whole: bool): void {
  const settings = args.settings;
  const averaged = settings.update === Update.averaged;
  const rate = settings.learningRate;
  const weight = averaged ? (<f32>1 - settings.momentum) * rate : <f32>1;
  const gradient = f32x4.mul(f32x4.splat(weight), get(args.gradient + at, whole));
  const kept = f32x4.mul(f32x4.splat(settings.momentum), get(args.firstMoment + at, whole));
  const moment = f32x4.add(kept, gradient);
  putMasked(args.firstMoment + at, moment, mask, masked, whole);
  const step = f32x4.mul(f32x4.splat(averaged ? <f32>1 : rate), moment);
  putMasked(args.moved + at, f32x4.sub(get(args.moved + at, whole), step), mask, masked, whole);
}

// @inline
function adamMove(args: OptimizerStep, at: usize, mask: v128, masked: bool, whole: bool): void {
  const settings = args.settings;
  const beta1 = f32x4.splat(settings.beta1);
  const rest1 = f32x4.splat(<f32>1 - settings.beta1);
  const beta2 = f32x4.splat(settings.beta2);
  const rest2 = f32x4.splat(<f32>1 - settings.beta2);
  const rate = f32x4.splat(settings.learningRate / settings.correction1);
  const correction2 = f32x4.splat(settings.correction2);
  const epsilon = f32x4.splat(settings.epsilon);
  const g = get(args.gradient + at, whole);
  const m = f32x4.add(f32x4.mul(beta1, get(args.firstMoment + at, whole)), f32x4.mul(rest1, g));
  const square = f32x4.mul(rest2, f32x4.mul(g, g));
  const s = f32x4.add(f32x4.mul(beta2, get(args.secondMoment + at, whole)), square);
  putMasked(args.firstMoment + at, m, mask, masked, whole);
  putMasked(args.secondMoment + at, s, mask, masked, whole);
  const size = f32x4.add(f32x4.div(f32x4.sqrt(s), correction2), epsilon);
  const step = f32x4.div(f32x4.mul(rate, m), size);
  putMasked(args.moved + at, f32x4.sub(get(args.moved + at, whole), step), mask, masked, whole);
}

/** What no entry may be less than: without such a bound, none is clipped. */
// @inline
function leastOf(settings: Settings): v128 {
  return f32x4.splat(settings.nonnegative ? <f32>0 : -(<f32>Infinity));
}

/** θ = scale · u, soft-thresholded and clipped where the regularizer asks for it. */
function thresholdEntries(args: OptimizerStep, at: usize, end: usize): void {
  const settings = args.settings;
  const moved = args.moved;
  const theta = args.theta;
  const scale = f32x4.splat(settings.scale);
  const threshold = f32x4.splat(settings.entryThreshold);
  const least = leastOf(settings);
  const bottom = f32x4.neg(threshold);
  for (const fours = endOfFours(at, end); at < fours; at += 16) {
    put(theta + at, prox(f32x4.mul(scale, get(moved + at, true)), threshold, bottom, least), true);
  }
  for (; at < end; at += 4) {
    put(
      theta + at,
      prox(f32x4.mul(scale, get(moved + at, false)), threshold, bottom, least),
      false,
    );
  }
}

/** ‖θ_g‖ of a contiguous group. */
function norm(from: usize, count: i32): f32 {
  const end = from + <usize>(count << 2);
  const endOfFours = end - <usize>((count & 3) << 2);
  let squares = f32x4.splat(0);
  for (; from < endOfFours; from += 16) {
    const x = v128.load(from);
    squares = f32x4.add(squares, f32x4.mul(x, x));
  }
  let total = sum(squares);
  for (; from < end; from += 4) total += load<f32>(from) * load<f32>(from);
  return sqrt<f32>(total);
}

/** The share of a group that the proximal operator leaves: max(1 − t√n / ‖θ_g‖, 0); NaN stays NaN. */
// @inline
function remainder(threshold: f32, size: f32): f32 {
  return size <= threshold ? 0 : <f32>1 - threshold / size;
}

function shrinkGroups(args: OptimizerStep, start: usize, end: usize): void {
  const size = args.groupSize;
  const bytes = <usize>(size << 2);
  const threshold = args.settings.groupThreshold * sqrt<f32>(<f32>size);
  for (let group = args.theta + start; group < args.theta + end; group += bytes) {
    const factor = remainder(threshold, norm(group, size));
    if (factor === 0) {
      memory.fill(group, 0, bytes);
    } else {
      for (let at = group; at < group + bytes; at += 4) store<f32>(at, load<f32>(at) * factor);
    }
  }
}

/** g += weight · sign(θ). */
function addEntrySubgradient(args: OptimizerStep, start: usize, end: usize): void {
  const weight = args.settings.entrySubgradient;
  for (let at = start; at < end; at += 4) {
    const theta = load<f32>(args.theta + at);
    const sign = f32(theta > 0) - f32(theta < 0);
    store<f32>(args.gradient + at, load<f32>(args.gradient + at) + weight * sign);
  }
}

/** g += weight · √n_g θ_g / ‖θ_g‖ on groups that are not zero. */
function addGroupSubgradient(args: OptimizerStep, start: usize, end: usize): void {
  const size = args.groupSize;
  const bytes = <usize>(size << 2);
  const weight = args.settings.groupSubgradient * sqrt<f32>(<f32>size);
  for (let group = start; group < end; group += bytes) {
    const length = norm(args.theta + group, size);
    if (length === 0) continue;
    for (let at = group; at < group + bytes; at += 4) {
      const share = load<f32>(args.theta + at) * (weight / length);
      store<f32>(args.gradient + at, load<f32>(args.gradient + at) + share);
    }
  }
}

/** Shrinks the groups that a matrix's columns form. A tile is one column. */
export function shrinkColumns(args: ShrinkColumns, tile: i32): void {
  const depth = args.depth;
  const stride = <usize>(args.columns << 2);
  const first = args.theta + <usize>((tile * depth) << 2);
  let squares: f64 = 0; // one long sum, where float32 would lose digits
  for (let row = 0, at = first; row < args.rows; row++, at += stride) {
    for (let d = at; d < at + <usize>(depth << 2); d += 4)
      squares += <f64>load<f32>(d) * <f64>load<f32>(d);
  }
  const threshold = args.settings.groupThreshold * sqrt<f32>(<f32>(args.rows * depth));
  const factor = remainder(threshold, <f32>sqrt<f64>(squares));
  for (let row = 0, at = first; row < args.rows; row++, at += stride) {
    for (let d = at; d < at + <usize>(depth << 2); d += 4) store<f32>(d, load<f32>(d) * factor);
  }
}
