import { Reads, Writes } from './access';
import { Batch, LINE, LINE_SHIFT } from './layout';
import { Planes, planeOf, rowBytes } from './planes';
import { sum } from './simd';

/** Features in one tile. */
export const FEATURES: i32 = 64;

@unmanaged
class BiasGradient {
  batch: Batch;
  features: i32;
  outputGradient: Reads;
  biasGradient: Writes;
}

/** ∂L/∂b: the gradient to the output, summed over the batch. A tile is FEATURES features. */
export function biasGradient(args: BiasGradient, tile: i32): void {
  const last = min((tile + 1) * FEATURES, args.features);
  const blockBytes = <usize>args.features * LINE;
  for (let feature = tile * FEATURES; feature < last; feature++) {
    let line = args.outputGradient + <usize>feature * LINE;
    let total = f32x4.splat(0);
    for (let b = args.batch.blocks; b > 0; b--, line += blockBytes) {
      const left = f32x4.add(v128.load(line), v128.load(line, 16));
      total = f32x4.add(
        total,
        f32x4.add(left, f32x4.add(v128.load(line, 32), v128.load(line, 48))),
      );
    }
    store<f32>(args.biasGradient + <usize>(feature << 2), sum(total));
  }
}

@unmanaged
class PlaneBiasGradient {
  batch: Batch;
  layout: Planes;
  outputGradient: Reads;
  biasGradient: Writes;
}

/** The same for planes. A tile is one channel. */
export function planeBiasGradient(args: PlaneBiasGradient, tile: i32): void {
  const layout = args.layout;
  const width = (<usize>layout.width) << LINE_SHIFT;
  let total: f64 = 0;
  for (let block = 0; block < args.batch.blocks; block++) {
    let row = planeOf(layout, args.outputGradient, block, tile);
    let part = f32x4.splat(0);
    for (let y = 0; y < layout.height; y++, row += rowBytes(layout)) {
      for (let i: usize = 0; i < width; i += 16) part = f32x4.add(part, v128.load(row + i));
    }
    total += <f64>sum(part);
  }
  store<f32>(args.biasGradient + <usize>(tile << 2), <f32>total);
}
