// The heart of all dense products: six rows by eight samples. Twelve accumulators, two vectors of a
// line and one broadcast weight fill the fifteen vector registers that a WebAssembly engine leaves us.

import { LINE, LINE_SHIFT } from './layout';
import { madd } from './simd';

/** Rows of a panel: weights are packed as panel[k][row], six rows side by side. */
export const SIX: i32 = 6;

/**
 * out_r += Σ_k panel[k][r] · line(k) for six r and eight samples (half a line); `fresh`: out_r = …. Line k
 * is the k-th from `lines` on, or if `gathered` the one that order[k] names.
 */
// @inline
export function sixByEight(
  gathered: bool,
  fresh: bool,
  panel: usize,
  lines: usize,
  order: usize,
  depth: i32,
  out0: usize,
  out1: usize,
  out2: usize,
  out3: usize,
  out4: usize,
  out5: usize,
): void {
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
  if (!fresh) {
    a0 = v128.load(out0);
    a1 = v128.load(out0, 16);
    b0 = v128.load(out1);
    b1 = v128.load(out1, 16);
    c0 = v128.load(out2);
    c1 = v128.load(out2, 16);
    d0 = v128.load(out3);
    d1 = v128.load(out3, 16);
    e0 = v128.load(out4);
    e1 = v128.load(out4, 16);
    f0 = v128.load(out5);
    f1 = v128.load(out5, 16);
  }
  const end = panel + <usize>(depth * SIX * 4);
  let line = lines;
  while (panel < end) {
    if (gathered) {
      line = lines + <usize>(load<i32>(order) << LINE_SHIFT);
      order += 4;
    }
    const x0 = v128.load(line);
    const x1 = v128.load(line, 16);
    let w = v128.load32_splat(panel);
    a0 = madd(w, x0, a0);
    a1 = madd(w, x1, a1);
    w = v128.load32_splat(panel, 4);
    b0 = madd(w, x0, b0);
    b1 = madd(w, x1, b1);
    w = v128.load32_splat(panel, 8);
    c0 = madd(w, x0, c0);
    c1 = madd(w, x1, c1);
    w = v128.load32_splat(panel, 12);
    d0 = madd(w, x0, d0);
    d1 = madd(w, x1, d1);
    w = v128.load32_splat(panel, 16);
    e0 = madd(w, x0, e0);
    e1 = madd(w, x1, e1);
    w = v128.load32_splat(panel, 20);
    f0 = madd(w, x0, f0);
    f1 = madd(w, x1, f1);
    panel += SIX * 4;
    if (!gathered) line += LINE;
  }
  v128.store(out0, a0);
  v128.store(out0, a1, 16);
  v128.store(out1, b0);
  v128.store(out1, b1, 16);
  v128.store(out2, c0);
  v128.store(out2, c1, 16);
  v128.store(out3, d0);
  v128.store(out3, d1, 16);
  v128.store(out4, e0);
  v128.store(out4, e1, 16);
  v128.store(out5, f0);
  v128.store(out5, f1, 16);
}

/** Entry `at` of an index list, the last one where `at` runs past its `count`. */
// @inline
export function entryOf(list: usize, at: i32, count: i32): i32 {
  return load<i32>(list + <usize>(min(at, count - 1) << 2));
}
