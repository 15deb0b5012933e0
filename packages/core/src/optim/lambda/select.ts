import type { Units } from './policy.js';

/**
 * The least λ that keeps at most `count` weights, where a unit is kept while its threshold is
 * above λ. Without ties between units of size 1 it keeps exactly `count`. The answer is one of the
 * thresholds, or 0 where all may stay.
 *
 * A radix select: the bits of a float32 ≥ 0, read as an integer, are in the order of the floats, so
 * two histograms (of the upper half, then of the lower half within one upper half) find the order
 * statistic in two passes, exactly, whatever the sizes of the units.
 */
export function lambdaKeeping(units: readonly Units[], count: number): number {
  const upper = findBucket(histogram(units, 16, 0, 0), count);
  if (upper.bucket < 0) return 0;
  const prefix = upper.bucket << 16;
  const lower = findBucket(histogram(units, 0, 0x7fff0000, prefix), upper.room);
  return new Float32Array(Int32Array.of(prefix | lower.bucket).buffer)[0];
}

/** Weights by the 16 bits above `shift`, of the thresholds whose masked bits are the prefix. */
function histogram(
  units: readonly Units[],
  shift: number,
  mask: number,
  prefix: number,
): Float64Array {
  const weights = new Float64Array(1 << 16);
  for (const { thresholds, size } of units) {
    const patterns = new Int32Array(thresholds.buffer, thresholds.byteOffset, thresholds.length);
    for (const bits of patterns) {
      if ((bits & mask) === prefix) weights[(bits >>> shift) & 0xffff] += size;
    }
  }
  return weights;
}

/**
 * Going down from the top, the first bucket that does not fit into the room as a whole, and what
 * room the buckets above it leave; bucket −1 where all fit.
 */
function findBucket(weights: Float64Array, room: number): { bucket: number; room: number } {
  let bucket = weights.length - 1;
  for (; bucket >= 0 && weights[bucket] <= room; bucket--) room -= weights[bucket];
  return { bucket, room };
}
