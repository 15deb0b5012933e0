import { Batch, LINE } from './layout';
import { sum } from './simd';

/** Features in one tile. */
const FEATURES: i32 = 64;

@unmanaged
class BiasGradient {
  batch: Batch;
  features: i32;
  outputGradient: usize;
  biasGradient: usize;
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
      total = f32x4.add(total, f32x4.add(left, f32x4.add(v128.load(line, 32), v128.load(line, 48))));
    }
    store<f32>(args.biasGradient + <usize>(feature << 2), sum(total));
  }
}
