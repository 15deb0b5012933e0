// Pooling over windows. A tile is one block.

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
  input: usize;
  output: usize;
}

@unmanaged
class PoolGradient {
  inputLayout: Planes;
  outputLayout: Planes;
  size: i32;
  stride: i32;
  padding: i32;
  average: i32;
  input: usize;
  output: usize;
  outputGradient: usize;
  inputGradient: usize;
  accumulate: i32; // 1: add to what the input's gradient holds
}

export function poolForward(args: Pool, tile: i32): void {
  const from = args.inputLayout, to = args.outputLayout;
  for (let channel = 0; channel < to.channels; channel++) {
    const source = planeOf(from, args.input, tile, channel);
    const target = planeOf(to, args.output, tile, channel);
    for (let y = 0; y < to.height; y++) {
      for (let x = 0; x < to.width; x++) {
        poolWindow(args, source, target + (<usize>(y * to.row + x) << LINE_SHIFT), y, x);
      }
    }
  }
}

/** Windows are cut at the border; an average counts the cut places, as PyTorch's does. */
function poolWindow(args: Pool, source: usize, target: usize, y: i32, x: i32): void {
  const from = args.inputLayout, size = args.size;
  const top = y * args.stride - args.padding, left = x * args.stride - args.padding;
  const share = f32x4.splat(<f32>1 / <f32>(size * size));
  for (let quarter: usize = 0; quarter < LINE; quarter += 16) {
    let value = f32x4.splat(args.average ? <f32>0 : -<f32>Infinity);
    for (let dy = max(top, 0); dy < min(top + size, from.height); dy++) {
      for (let dx = max(left, 0); dx < min(left + size, from.width); dx++) {
        const line = v128.load(source + (<usize>(dy * from.row + dx) << LINE_SHIFT) + quarter);
        value = args.average ? f32x4.add(value, line) : f32x4.max(value, line);
      }
    }
    v128.store(target + quarter, args.average ? f32x4.mul(value, share) : value);
  }
}

export function poolBackward(args: PoolGradient, tile: i32): void {
  const from = args.inputLayout, to = args.outputLayout;
  for (let channel = 0; channel < to.channels; channel++) {
    const source = planeOf(from, args.input, tile, channel);
    const gradient = planeOf(from, args.inputGradient, tile, channel);
    if (!args.accumulate) clearPlane(from, gradient);
    const target = planeOf(to, args.output, tile, channel);
    const outer = planeOf(to, args.outputGradient, tile, channel);
    for (let y = 0; y < to.height; y++) {
      for (let x = 0; x < to.width; x++) {
        const at = <usize>(y * to.row + x) << LINE_SHIFT;
        poolWindowBackward(args, source, gradient, target + at, outer + at, y, x);
      }
    }
  }
}

function clearPlane(layout: Planes, plane: usize): void {
  for (let y = 0; y < layout.height; y++, plane += rowBytes(layout)) {
    memory.fill(plane, 0, <usize>layout.width << LINE_SHIFT);
  }
}

/** The first maximum of a window takes the gradient, or all places share it. */
function poolWindowBackward(
  args: PoolGradient, source: usize, gradient: usize, target: usize, outer: usize, y: i32, x: i32,
): void {
  const from = args.inputLayout, size = args.size;
  const top = y * args.stride - args.padding, left = x * args.stride - args.padding;
  const share = f32x4.splat(<f32>1 / <f32>(size * size));
  for (let quarter: usize = 0; quarter < LINE; quarter += 16) {
    const g = v128.load(outer + quarter), largest = v128.load(target + quarter);
    let waiting = i32x4.splat(-1); // lanes whose maximum has not been met yet
    for (let dy = max(top, 0); dy < min(top + size, from.height); dy++) {
      for (let dx = max(left, 0); dx < min(left + size, from.width); dx++) {
        const offset = (<usize>(dy * from.row + dx) << LINE_SHIFT) + quarter;
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
