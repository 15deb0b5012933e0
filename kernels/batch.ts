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
  const features = args.features, plane = args.plane;
  const width = args.bytes ? 1 : 4;
  const lanes = min(LANES, args.batch.samples - tile * LANES);
  let raw = args.raw + <usize>(tile * LANES * features * width);
  let output = args.output + <usize>tile * <usize>features * LINE;
  for (let channel: usize = 0; channel < <usize>(features / plane); channel++) {
    const scale = load<f32>(args.scale + (channel << 2)), shift = load<f32>(args.shift + (channel << 2));
    let feature = 0;
    if (args.bytes && lanes == LANES) {
      for (; feature + 4 <= plane; feature += 4) {
        loadFourOfBytes(raw + <usize>feature, features, output + <usize>feature * LINE, scale, shift);
      }
    }
    for (; feature < plane; feature++) {
      loadFeature(args, raw + <usize>(feature * width), lanes, output + <usize>feature * LINE, scale, shift);
    }
    raw += <usize>(plane * width);
    output += <usize>plane * LINE;
  }
}

/** One feature of up to sixteen samples. */
function loadFeature(args: LoadBatch, raw: usize, lanes: i32, line: usize, scale: f32, shift: f32): void {
  const features = <usize>args.features;
  for (let lane: usize = 0; lane < <usize>lanes; lane++) {
    const value = args.bytes
      ? <f32>load<u8>(raw + lane * features)
      : load<f32>(raw + ((lane * features) << 2));
    store<f32>(line + (lane << 2), value * scale + shift);
  }
  for (let lane: usize = <usize>lanes; lane < <usize>LANES; lane++) store<f32>(line + (lane << 2), 0);
}

/** Four neighbouring features of sixteen samples: four-by-four transposes of bytes. */
function loadFourOfBytes(raw: usize, stride: i32, lines: usize, scale: f32, shift: f32): void {
  const step = <usize>stride;
  for (let lane: usize = 0; lane < <usize>LINE; lane += 16, raw += 4 * step) {
    let x = v128.load32_zero(raw);
    x = v128.load32_lane(raw + step, x, 1);
    x = v128.load32_lane(raw + 2 * step, x, 2);
    x = v128.load32_lane(raw + 3 * step, x, 3);
    // Bytes of sample s, feature f, at 4s + f; byte f of every lane, widened, is feature f.
    const low = i32x4.splat(0xff);
    storeNormalized(lines + lane, v128.and(x, low), scale, shift);
    storeNormalized(lines + lane + LINE, v128.and(i32x4.shr_u(x, 8), low), scale, shift);
    storeNormalized(lines + lane + 2 * LINE, v128.and(i32x4.shr_u(x, 16), low), scale, shift);
    storeNormalized(lines + lane + 3 * LINE, i32x4.shr_u(x, 24), scale, shift);
  }
}

// @ts-ignore: decorator
@inline
function storeNormalized(to: usize, bytes: v128, scale: f32, shift: f32): void {
  const x = f32x4.convert_i32x4_s(bytes);
  v128.store(to, f32x4.add(f32x4.mul(x, f32x4.splat(scale)), f32x4.splat(shift)));
}
