// Samples into the blocked layout.

import { Batch, LANES, LINE } from './layout';

@unmanaged
class LoadBatch {
  batch: Batch;
  features: i32;
  plane: i32; // features of one channel
  bytes: i32; // 1: raw holds u8, 0: f32
  raw: usize; // [sample][feature]
  scale: usize; // f32[channels]
  shift: usize; // f32[channels]
  output: usize;
}

/** output = raw · scale + shift by channel, zero in the lanes past the samples. A tile is one block. */
export function loadBatch(args: LoadBatch, tile: i32): void {
  const features = args.features;
  const first = tile * LANES, lanes = min(LANES, args.batch.samples - first);
  const output = args.output + <usize>tile * <usize>features * LINE;
  if (lanes < LANES) memory.fill(output, 0, <usize>features * LINE);
  const width = args.bytes ? 1 : 4;
  for (let lane = 0; lane < lanes; lane++) {
    loadSample(args, args.raw + <usize>((first + lane) * features * width), output + <usize>(lane << 2));
  }
}

function loadSample(args: LoadBatch, source: usize, target: usize): void {
  const features = args.features, plane = args.plane;
  for (let start = 0, channel: usize = 0; start < features; start += plane, channel++) {
    const scale = load<f32>(args.scale + (channel << 2)), shift = load<f32>(args.shift + (channel << 2));
    const end = target + <usize>plane * LINE;
    if (args.bytes) {
      for (; target < end; target += LINE, source++) {
        store<f32>(target, <f32>load<u8>(source) * scale + shift);
      }
    } else {
      for (; target < end; target += LINE, source += 4) {
        store<f32>(target, load<f32>(source) * scale + shift);
      }
    }
  }
}
