// Where the inner lines of a tensor lie: [block][channel][row][column][16] with a halo around every
// plane. A tensor without planes has one line a channel. Sizes are in lines of 64 bytes.

import { Reads, Writes } from './access';
import { Batch, fillLine, LANES, LINE_SHIFT } from './layout';
import { sum } from './simd';

@unmanaged
export class Planes {
  channels: i32;
  height: i32;
  width: i32;
  row: i32; // width with halo
  plane: i32; // (height with halo) · row
  start: i32; // from a plane's first line to its first inner one
  block: i32; // channels · plane
}

/** The first inner line of a channel in a block. */
// @inline
export function planeOf(layout: Planes, tensor: usize, block: i32, channel: i32): usize {
  return (
    tensor + ((<usize>(block * layout.block + channel * layout.plane + layout.start)) << LINE_SHIFT)
  );
}

// @inline
export function rowBytes(layout: Planes): usize {
  return (<usize>layout.row) << LINE_SHIFT;
}

/** All ones in the lanes of a block's quarter (0, 16, 32 or 48 bytes into a line) that hold samples. */
// @inline
export function sampleMask(batch: Batch, block: i32, quarter: usize): v128 {
  const lane = block * LANES + <i32>(quarter >> 2);
  return i32x4.lt_s(i32x4.add(i32x4.splat(lane), i32x4(0, 1, 2, 3)), i32x4.splat(batch.samples));
}

@unmanaged
class ClearHalo {
  layout: Planes;
  tensor: Writes;
}

/** Zeros the halo of a tensor whose memory held something else. A tile is one block. */
export function clearHalo(args: ClearHalo, tile: i32): void {
  const layout = args.layout;
  const zero = f32x4.splat(0);
  let line = args.tensor + ((<usize>(tile * layout.block)) << LINE_SHIFT);
  const rows = layout.plane / layout.row;
  const halo = (layout.row - layout.width) / 2;
  if (halo === 0) return;
  for (let channel = 0; channel < layout.channels; channel++) {
    for (let y = 0; y < rows; y++, line += rowBytes(layout)) {
      const inner = y >= halo && y < rows - halo;
      for (let x = 0; x < layout.row; x++) {
        if (inner && x === halo) x += layout.width;
        fillLine(line + ((<usize>x) << LINE_SHIFT), zero);
      }
    }
  }
}

@unmanaged
class CopyPlanes {
  from: Planes;
  to: Planes;
  source: Reads;
  target: Writes;
  firstFrom: i32; // channel
  firstTo: i32;
  channels: i32;
  accumulate: i32; // 1: add to what the target holds
}

/** Copies channels between tensors of the same height and width. A tile is one block. */
export function copyPlanes(args: CopyPlanes, tile: i32): void {
  const from = args.from;
  const to = args.to;
  const width = (<usize>from.width) << LINE_SHIFT;
  for (let channel = 0; channel < args.channels; channel++) {
    let source = planeOf(from, args.source, tile, args.firstFrom + channel);
    let target = planeOf(to, args.target, tile, args.firstTo + channel);
    for (let y = 0; y < from.height; y++, source += rowBytes(from), target += rowBytes(to)) {
      if (args.accumulate) addRow(source, target, width);
      else memory.copy(target, source, width);
    }
  }
}

function addRow(source: usize, target: usize, bytes: usize): void {
  for (let i: usize = 0; i < bytes; i += 16) {
    v128.store(target + i, f32x4.add(v128.load(target + i), v128.load(source + i)));
  }
}

@unmanaged
class AddScaled {
  layout: Planes; // of the output
  leftLayout: Planes;
  rightLayout: Planes;
  left: Reads;
  right: Reads;
  scale: Reads; // one f32, 0: the scale is 1
  output: Writes;
}

/** output = left + scale · right. A tile is one block. */
export function addScaled(args: AddScaled, tile: i32): void {
  const layout = args.layout;
  const scale = args.scale ? v128.load32_splat(args.scale) : f32x4.splat(1);
  const width = (<usize>layout.width) << LINE_SHIFT;
  for (let channel = 0; channel < layout.channels; channel++) {
    let a = planeOf(args.leftLayout, args.left, tile, channel);
    let b = planeOf(args.rightLayout, args.right, tile, channel);
    let to = planeOf(layout, args.output, tile, channel);
    for (let y = 0; y < layout.height; y++) {
      for (let i: usize = 0; i < width; i += 16) {
        v128.store(to + i, f32x4.add(v128.load(a + i), f32x4.mul(scale, v128.load(b + i))));
      }
      a += rowBytes(args.leftLayout);
      b += rowBytes(args.rightLayout);
      to += rowBytes(layout);
    }
  }
}

@unmanaged
class ScaleGradient {
  layout: Planes; // of the output
  rightLayout: Planes;
  outputGradient: Reads;
  right: Reads;
  rightGradient: Writes; // 0: none
  scale: Reads;
  partials: Writes; // f32[blocks]
  accumulate: i32; // 1: add to what the right's gradient holds
}

/** Of left + s · right: the right's gradient s · dy, and a block's part of ds = Σ dy · right. */
export function scaleBackward(args: ScaleGradient, tile: i32): void {
  const layout = args.layout;
  const width = (<usize>layout.width) << LINE_SHIFT;
  const scale = v128.load32_splat(args.scale);
  let total = f32x4.splat(0);
  for (let channel = 0; channel < layout.channels; channel++) {
    let g = planeOf(layout, args.outputGradient, tile, channel);
    let x = planeOf(args.rightLayout, args.right, tile, channel);
    let dx = args.rightGradient ? planeOf(args.rightLayout, args.rightGradient, tile, channel) : 0;
    for (let y = 0; y < layout.height; y++) {
      for (let i: usize = 0; i < width; i += 16) {
        const dy = v128.load(g + i);
        total = f32x4.add(total, f32x4.mul(dy, v128.load(x + i)));
        if (!dx) continue;
        const part = f32x4.mul(scale, dy);
        v128.store(dx + i, args.accumulate ? f32x4.add(v128.load(dx + i), part) : part);
      }
      g += rowBytes(layout);
      x += rowBytes(args.rightLayout);
      if (dx) dx += rowBytes(args.rightLayout);
    }
  }
  store<f32>(args.partials + <usize>(tile << 2), sum(total));
}

@unmanaged
class FoldScale {
  batch: Batch;
  partials: Reads;
  scaleGradient: Writes;
}

/** ds: the blocks' parts in order. One tile. */
export function foldScale(args: FoldScale, _tile: i32): void {
  let total: f32 = 0;
  for (let b = 0; b < args.batch.blocks; b++) total += load<f32>(args.partials + <usize>(b << 2));
  store<f32>(args.scaleGradient, total);
}
