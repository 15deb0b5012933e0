// Samples into the blocked layout.

import { Batch, LANES, LINE, LINE_SHIFT } from './layout';
import { Planes, planeOf, rowBytes } from './planes';

@unmanaged
class LoadBatch {
  batch: Batch;
  layout: Planes;
  perChannel: i32; // 1: scale and shift hold one value a channel, 0: one for all
  bytes: i32; // 1: raw holds u8, 0: f32
  raw: usize; // [sample][feature]
  scale: usize; // f32[channels]
  shift: usize; // f32[channels]
  output: usize;
}

/** output = raw · scale + shift, zero in the lanes past the samples. A tile is one block. */
export function loadBatch(args: LoadBatch, tile: i32): void {
  const layout = args.layout, width = layout.width, size = args.bytes ? 1 : 4;
  const features = layout.channels * layout.height * width;
  const lanes = min(LANES, args.batch.samples - tile * LANES);
  let raw = args.raw + <usize>(tile * LANES * features * size);
  for (let channel = 0; channel < layout.channels; channel++) {
    const constant = args.perChannel ? <usize>channel << 2 : 0;
    const scale = load<f32>(args.scale + constant), shift = load<f32>(args.shift + constant);
    let line = planeOf(layout, args.output, tile, channel);
    for (let y = 0; y < layout.height; y++, line += rowBytes(layout)) {
      loadRow(args, raw, features, lanes, line, scale, shift);
      raw += <usize>(width * size);
    }
  }
}

/** One row of a plane, of up to sixteen samples. */
function loadRow(
  args: LoadBatch, raw: usize, features: i32, lanes: i32, line: usize, scale: f32, shift: f32,
): void {
  const width = args.layout.width, size = args.bytes ? 1 : 4;
  let x = 0;
  if (args.bytes && lanes == LANES) {
    for (; x + 4 <= width; x += 4) {
      loadFourOfBytes(raw + <usize>x, features, line + (<usize>x << LINE_SHIFT), scale, shift);
    }
  }
  for (; x < width; x++) {
    loadFeature(args, raw + <usize>(x * size), features, lanes, line + (<usize>x << LINE_SHIFT), scale, shift);
  }
}

/** One feature of up to sixteen samples. */
function loadFeature(
  args: LoadBatch, raw: usize, stride: i32, lanes: i32, line: usize, scale: f32, shift: f32,
): void {
  const features = <usize>stride;
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
