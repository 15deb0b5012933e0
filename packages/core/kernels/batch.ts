// Samples into the blocked layout.

import { Reads, Writes } from './access';
import { Batch, LANES, LINE, LINE_SHIFT, scratch } from './layout';
import { Planes, planeOf, rowBytes } from './planes';

/** Features that are loaded for four lanes after four: so many that their lines stay in the first-level cache. */
const CHUNK: i32 = 128;

@unmanaged
class LoadBatch {
  batch: Batch;
  layout: Planes;
  perChannel: i32; // 1: scale and shift hold one value a channel, 0: one for all
  bytes: i32; // 1: raw holds u8, 0: f32
  raw: Reads; // [sample][feature]
  places: Reads; // i32[lane of the batch]: number of its sample; 0: they lie in order
  scale: Reads; // f32[channels]
  shift: Reads; // f32[channels]
  output: Writes;
}

/** output = raw · scale + shift, zero in the lanes past the samples. A tile is one block. */
export function loadBatch(args: LoadBatch, tile: i32): void {
  const layout = args.layout;
  const width = layout.width;
  const size = args.bytes ? 1 : 4;
  const lanes = min(LANES, args.batch.samples - tile * LANES);
  const sources = scratch();
  findSources(args, tile, lanes, sources);
  let offset: usize = 0;
  for (let channel = 0; channel < layout.channels; channel++) {
    const constant = args.perChannel ? (<usize>channel) << 2 : 0;
    const scale = load<f32>(args.scale + constant);
    const shift = load<f32>(args.shift + constant);
    let line = planeOf(layout, args.output, tile, channel);
    for (let y = 0; y < layout.height; y++, line += rowBytes(layout)) {
      loadRow(args, sources, offset, lanes, line, scale, shift);
      offset += <usize>(width * size);
    }
  }
}

/** Where the samples of a block begin: usize[lanes]. */
function findSources(args: LoadBatch, tile: i32, lanes: i32, sources: usize): void {
  const layout = args.layout;
  const bytes = <usize>(layout.channels * layout.height * layout.width) * (args.bytes ? 1 : 4);
  for (let lane = 0; lane < lanes; lane++) {
    const at = tile * LANES + lane;
    const place = args.places ? load<i32>(args.places + <usize>(at << 2)) : at;
    store<usize>(sources + <usize>(lane << 2), args.raw + <usize>place * bytes);
  }
}

/** One row of a plane, of up to sixteen samples. */
function loadRow(
  args: LoadBatch,
  sources: usize,
  offset: usize,
  lanes: i32,
  line: usize,
  scale: f32,
  shift: f32,
): void {
  const width = args.layout.width;
  const size = args.bytes ? 1 : 4;
  let x = 0;
  if (args.bytes && lanes === LANES) {
    for (const fours = width & ~3; x < fours; x += CHUNK) {
      const count = min(CHUNK, fours - x);
      loadChunkOfBytes(
        sources,
        offset + <usize>x,
        count,
        line + ((<usize>x) << LINE_SHIFT),
        scale,
        shift,
      );
    }
    x = width & ~3;
  }
  for (; x < width; x++) {
    loadFeature(
      args,
      sources,
      offset + <usize>(x * size),
      lanes,
      line + ((<usize>x) << LINE_SHIFT),
      scale,
      shift,
    );
  }
}

/** One feature of up to sixteen samples. */
function loadFeature(
  args: LoadBatch,
  sources: usize,
  offset: usize,
  lanes: i32,
  line: usize,
  scale: f32,
  shift: f32,
): void {
  for (let lane: usize = 0; lane < <usize>lanes; lane++) {
    const source = load<usize>(sources + (lane << 2)) + offset;
    const value = args.bytes ? <f32>load<u8>(source) : load<f32>(source);
    store<f32>(line + (lane << 2), value * scale + shift);
  }
  for (let lane: usize = <usize>lanes; lane < <usize>LANES; lane++)
    store<f32>(line + (lane << 2), 0);
}

/** `count` neighbouring features of sixteen samples: four-by-four transposes of bytes. */
function loadChunkOfBytes(
  sources: usize,
  offset: usize,
  count: i32,
  lines: usize,
  scale: f32,
  shift: f32,
): void {
  const factor = f32x4.splat(scale);
  const summand = f32x4.splat(shift);
  const low = i32x4.splat(0xff);
  for (const end = sources + 64; sources < end; sources += 16, lines += 16) {
    let source0 = load<usize>(sources) + offset;
    let source1 = load<usize>(sources, 4) + offset;
    let source2 = load<usize>(sources, 8) + offset;
    let source3 = load<usize>(sources, 12) + offset;
    for (let line = lines; line < lines + ((<usize>count) << LINE_SHIFT); line += 4 * LINE) {
      let x = v128.load32_zero(source0);
      x = v128.load32_lane(source1, x, 1);
      x = v128.load32_lane(source2, x, 2);
      x = v128.load32_lane(source3, x, 3);
      // Bytes of sample s, feature f, at 4s + f; byte f of every lane, widened, is feature f.
      storeNormalized(line, v128.and(x, low), factor, summand);
      storeNormalized(line + LINE, v128.and(i32x4.shr_u(x, 8), low), factor, summand);
      storeNormalized(line + 2 * LINE, v128.and(i32x4.shr_u(x, 16), low), factor, summand);
      storeNormalized(line + 3 * LINE, i32x4.shr_u(x, 24), factor, summand);
      source0 += 4;
      source1 += 4;
      source2 += 4;
      source3 += 4;
    }
  }
}

// @inline
function storeNormalized(to: usize, bytes: v128, scale: v128, shift: v128): void {
  v128.store(to, f32x4.add(f32x4.mul(f32x4.convert_i32x4_s(bytes), scale), shift));
}
