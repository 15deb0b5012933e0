// Pooling over windows. A tile is one block.

import { Reads, Writes } from './access';
import { LINE, LINE_SHIFT } from './layout';
import { Planes, planeOf, rowBytes } from './planes';

@unmanaged
class Pool {
  inputLayout: Planes;
  outputLayout: Planes;
  size: i32;
  stride: i32;
  padding: i32;
  average: i32; // 1: mean over the window, 0: maximum
  input: Reads;
  output: Writes;
}

@unmanaged
class PoolGradient {
  inputLayout: Planes;
  outputLayout: Planes;
  size: i32;
  stride: i32;
  padding: i32;
  average: i32;
  input: Reads;
  output: Reads;
  outputGradient: Reads;
  inputGradient: Writes;
  accumulate: i32; // 1: add to what the input's gradient holds
}

/** The most common pool, which has loops of its own: the maximum over 2 × 2 places that no other window has. */
// @inline
function isHalving(average: i32, size: i32, stride: i32, padding: i32): bool {
  return !average && size === 2 && stride === 2 && padding === 0;
}

export function poolForward(args: Pool, tile: i32): void {
  const from = args.inputLayout;
  const to = args.outputLayout;
  for (let channel = 0; channel < to.channels; channel++) {
    const source = planeOf(from, args.input, tile, channel);
    const target = planeOf(to, args.output, tile, channel);
    if (isHalving(args.average, args.size, args.stride, args.padding)) {
      halvePlane(from, to, source, target);
      continue;
    }
    for (let y = 0; y < to.height; y++) {
      for (let x = 0; x < to.width; x++) {
        poolWindow(args, source, target + ((<usize>(y * to.row + x)) << LINE_SHIFT), y, x);
      }
    }
  }
}

/** The maxima of a plane's windows. */
function halvePlane(from: Planes, to: Planes, source: usize, target: usize): void {
  const below = rowBytes(from);
  const width = (<usize>to.width) << LINE_SHIFT;
  for (let y = 0; y < to.height; y++, source += 2 * below, target += rowBytes(to)) {
    for (let x: usize = 0; x < width; x += LINE) {
      for (let i = x; i < x + LINE; i += 16) {
        const window = source + x + i;
        const above = f32x4.max(v128.load(window), v128.load(window, LINE));
        const under = f32x4.max(v128.load(window + below), v128.load(window + below, LINE));
        v128.store(target + i, f32x4.max(above, under));
      }
    }
  }
}

/** Windows are cut at the border; an average counts the cut places, as PyTorch's does. */
function poolWindow(args: Pool, source: usize, target: usize, y: i32, x: i32): void {
  const from = args.inputLayout;
  const size = args.size;
  const top = y * args.stride - args.padding;
  const left = x * args.stride - args.padding;
  const share = f32x4.splat(<f32>1 / <f32>(size * size));
  for (let quarter: usize = 0; quarter < LINE; quarter += 16) {
    let value = f32x4.splat(args.average ? <f32>0 : -(<f32>Infinity));
    for (let dy = max(top, 0); dy < min(top + size, from.height); dy++) {
      for (let dx = max(left, 0); dx < min(left + size, from.width); dx++) {
        const line = v128.load(source + ((<usize>(dy * from.row + dx)) << LINE_SHIFT) + quarter);
        value = args.average ? f32x4.add(value, line) : f32x4.max(value, line);
      }
    }
    v128.store(target + quarter, args.average ? f32x4.mul(value, share) : value);
  }
}

export function poolBackward(args: PoolGradient, tile: i32): void {
  const from = args.inputLayout;
  const to = args.outputLayout;
  // Then each place is written once, and need not be cleared.
  const isCovered =
    !args.accumulate &&
    from.height === 2 * to.height &&
    from.width === 2 * to.width &&
    isHalving(args.average, args.size, args.stride, args.padding);
  for (let channel = 0; channel < to.channels; channel++) {
    const source = planeOf(from, args.input, tile, channel);
    const gradient = planeOf(from, args.inputGradient, tile, channel);
    const target = planeOf(to, args.output, tile, channel);
    const outer = planeOf(to, args.outputGradient, tile, channel);
    if (isCovered) {
      spreadPlane(from, to, source, gradient, target, outer);
      continue;
    }
    if (!args.accumulate) clearPlane(from, gradient);
    for (let y = 0; y < to.height; y++) {
      for (let x = 0; x < to.width; x++) {
        const at = (<usize>(y * to.row + x)) << LINE_SHIFT;
        poolWindowBackward(args, source, gradient, target + at, outer + at, y, x);
      }
    }
  }
}

/** Writes the gradient to a plane that the windows cover. */
function spreadPlane(
  from: Planes,
  to: Planes,
  source: usize,
  gradient: usize,
  target: usize,
  outer: usize,
): void {
  const below = rowBytes(from);
  const width = (<usize>to.width) << LINE_SHIFT;
  for (let y = 0; y < to.height; y++, source += 2 * below, gradient += 2 * below) {
    for (let x: usize = 0; x < width; x += LINE) {
      for (let i = x; i < x + LINE; i += 16) {
        spreadWindow(
          source + x + i,
          gradient + x + i,
          below,
          v128.load(target + i),
          v128.load(outer + i),
        );
      }
    }
    target += rowBytes(to);
    outer += rowBytes(to);
  }
}

/** The gradient g goes to the first of the four that is the largest. */
// @inline
function spreadWindow(source: usize, gradient: usize, below: usize, largest: v128, g: v128): void {
  const a = f32x4.eq(v128.load(source), largest);
  const b = f32x4.eq(v128.load(source, LINE), largest);
  const c = f32x4.eq(v128.load(source + below), largest);
  const d = f32x4.eq(v128.load(source + below, LINE), largest);
  const above = v128.or(a, b);
  v128.store(gradient, v128.and(g, a));
  v128.store(gradient, v128.and(g, v128.andnot(b, a)), LINE);
  v128.store(gradient + below, v128.and(g, v128.andnot(c, above)));
  v128.store(gradient + below, v128.and(g, v128.andnot(d, v128.or(above, c))), LINE);
}

function clearPlane(layout: Planes, plane: usize): void {
  for (let y = 0; y < layout.height; y++, plane += rowBytes(layout)) {
    memory.fill(plane, 0, (<usize>layout.width) << LINE_SHIFT);
  }
}

/** The first maximum of a window takes the gradient, or all places share it. */
function poolWindowBackward(
  args: PoolGradient,
  source: usize,
  gradient: usize,
  target: usize,
  outer: usize,
  y: i32,
  x: i32,
): void {
  const from = args.inputLayout;
  const size = args.size;
  const top = y * args.stride - args.padding;
  const left = x * args.stride - args.padding;
  const share = f32x4.splat(<f32>1 / <f32>(size * size));
  for (let quarter: usize = 0; quarter < LINE; quarter += 16) {
    const g = v128.load(outer + quarter);
    const largest = v128.load(target + quarter);
    let waiting = i32x4.splat(-1); // lanes whose maximum has not been met yet
    for (let dy = max(top, 0); dy < min(top + size, from.height); dy++) {
      for (let dx = max(left, 0); dx < min(left + size, from.width); dx++) {
        const offset = ((<usize>(dy * from.row + dx)) << LINE_SHIFT) + quarter;
        let part = f32x4.mul(g, share);
        if (!args.average) {
          const isMet = v128.and(waiting, f32x4.eq(v128.load(source + offset), largest));
          waiting = v128.andnot(waiting, isMet);
          part = v128.and(g, isMet);
        }
        v128.store(gradient + offset, f32x4.add(v128.load(gradient + offset), part));
      }
    }
  }
}
