// Four-lane float32 helpers shared by all kernels.

/** a · b + c; one rounding where the processor fuses (relaxed SIMD build), two otherwise. */
// @inline
export function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/** The bytes of a that b, all below 16, names. */
// @inline
export function swizzle(a: v128, b: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return i8x16.relaxed_swizzle(a, b);
  return i8x16.swizzle(a, b);
}

/** (Σa, Σb, Σc, Σd): four horizontal sums at the price of a transpose. */
// @inline
export function sumLanes(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = f32x4.add(v128.shuffle<f32>(a, b, 0, 4, 1, 5), v128.shuffle<f32>(a, b, 2, 6, 3, 7));
  const cd = f32x4.add(v128.shuffle<f32>(c, d, 0, 4, 1, 5), v128.shuffle<f32>(c, d, 2, 6, 3, 7));
  return f32x4.add(v128.shuffle<f32>(ab, cd, 0, 1, 4, 5), v128.shuffle<f32>(ab, cd, 2, 3, 6, 7));
}

/**
 * (Σ(a + e), Σ(b + f), Σ(c + g), Σ(d + h)), by way of 128 bytes of memory: pairs that are stored side by side
 * are what V8 joins to vectors of 256 bits, together with all that leads to them.
 */
// @inline
export function sumPairs(
  at: usize,
  a: v128,
  e: v128,
  b: v128,
  f: v128,
  c: v128,
  g: v128,
  d: v128,
  h: v128,
): v128 {
  v128.store(at, a);
  v128.store(at, e, 16);
  v128.store(at, b, 32);
  v128.store(at, f, 48);
  v128.store(at, c, 64);
  v128.store(at, g, 80);
  v128.store(at, d, 96);
  v128.store(at, h, 112);
  return sumLanes(
    f32x4.add(v128.load(at), v128.load(at, 16)),
    f32x4.add(v128.load(at, 32), v128.load(at, 48)),
    f32x4.add(v128.load(at, 64), v128.load(at, 80)),
    f32x4.add(v128.load(at, 96), v128.load(at, 112)),
  );
}

/** Σa over the four lanes, in the order of `sumLanes`. */
// @inline
export function sum(a: v128): f32 {
  const pairs = f32x4.add(a, v128.shuffle<f32>(a, a, 2, 3, 2, 3));
  return f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 1);
}

/**
 * eˣ to about two units in the last place: 2ⁿ · p(r) with x = n ln 2 + r. Our own polynomial, so
 * that Node and browsers agree to the bit.
 */
export function exp(x: v128): v128 {
  x = f32x4.pmin(f32x4.pmax(x, f32x4.splat(-87.33)), f32x4.splat(88.37)); // NaN stays NaN
  const n = f32x4.nearest(f32x4.mul(x, f32x4.splat(<f32>Math.LOG2E)));
  let r = madd(n, f32x4.splat(-0.693359375), x);
  r = madd(n, f32x4.splat(2.1219444e-4), r);
  let p = f32x4.splat(1.98756915e-4);
  p = madd(p, r, f32x4.splat(1.3981999507e-3));
  p = madd(p, r, f32x4.splat(8.3334519073e-3));
  p = madd(p, r, f32x4.splat(4.1665795894e-2));
  p = madd(p, r, f32x4.splat(1.6666665459e-1));
  p = madd(p, r, f32x4.splat(5.0000001201e-1));
  p = f32x4.add(madd(p, f32x4.mul(r, r), r), f32x4.splat(1));
  const exponent = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(n), i32x4.splat(127)), 23);
  return f32x4.mul(p, exponent);
}
