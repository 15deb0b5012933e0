// The gradient of all weights where most inputs are background. The background of a feature is a value
// that half of its samples share; the others are *lit*: the ink of a digit, the active ReLUs. With
// x = c + x′,
//
//   ∂L/∂W = Σ_n ∂L/∂Y_n x_nᵀ = (Σ_n ∂L/∂Y_n) cᵀ + Σ_{n lit} ∂L/∂Y_n x′_nᵀ
//
// so that only lit samples cost multiply-adds. Each is one broadcast input times a strip of rows of the
// gradient to the output, which therefore is packed with its rows side by side: panel[sample][row].

import { Reads, Updates, Writes } from './access';
import { Batch, LANES, LINE, LINE_SHIFT, scratch } from './layout';
import { madd, swizzle } from './simd';

/** Features in one tile of `listLit`. */
export const FEATURES: i32 = 32;
/** Rows of a strip: twelve accumulators of four; what is left goes by strips of four accumulators. */
export const WIDE: i32 = 48;
export const NARROW: i32 = 16;
/** Entries beyond the end of a tile's lists that may be written. */
export const SPARE: i32 = 4;

/** Which samples of each feature are lit, and by how much. */
@unmanaged
class Lit {
  columns: i32;
  /** 1 where less than the break-even is lit, and `litWeightGradient` runs. */
  isSparse: i32;
  backgrounds: usize; // f32[columns]
  counts: usize; // i32[tiles of listLit]
  spans: usize; // i32[columns][2]: first entry of each list, and the one past its end
  /** i32[entries]: sample · 64; f32[entries]: x − c. */
  lists: usize;
}

/** Entries that the lists of a tile may take. */
// @inline
function roomOf(batch: Batch): i32 {
  return FEATURES * batch.blocks * LANES + SPARE;
}

// @inline
function listBytes(lit: Lit, batch: Batch): usize {
  return (<usize>(tilesOf(lit) * roomOf(batch))) << 2;
}

// @inline
function tilesOf(lit: Lit): i32 {
  return (lit.columns + FEATURES - 1) / FEATURES;
}

/** The panel of a strip; each begins where the rows before it end. */
// @inline
function panelOf(panels: usize, batch: Batch, row: i32): usize {
  return panels + ((<usize>(row * batch.blocks * LANES)) << 2);
}

@unmanaged
class ListLit {
  batch: Batch;
  lit: Updates<Lit>;
  input: Reads;
}

@unmanaged
class WeighLit {
  batch: Batch;
  lit: Updates<Lit>;
  breakEven: f32;
}

@unmanaged
class PackStrips {
  batch: Batch;
  rows: i32;
  outputGradient: Reads;
  panels: Writes;
}

@unmanaged
class LitWeightGradient {
  batch: Batch;
  lit: Lit;
  panels: Reads;
  rows: i32;
  columnsPerTile: i32;
  weightGradient: Writes;
}

/** Lists the lit samples feature by feature. A tile is FEATURES features. */
export function listLit(args: ListLit, tile: i32): void {
  const lit = args.lit;
  const batch = args.batch;
  const first = tile * FEATURES;
  const last = min(first + FEATURES, lit.columns);
  const start = tile * roomOf(batch);
  let entry = start;
  for (let feature = first; feature < last; feature++) {
    const line = args.input + <usize>(feature << LINE_SHIFT);
    let background = guess(line);
    let end = listFeature(args, line, entry, background);
    // A value that few samples share saves little, and where it is large its difference costs digits.
    if (2 * (end - entry) > batch.blocks * LANES && background !== 0) {
      background = 0;
      end = listFeature(args, line, entry, background);
    }
    store<f32>(lit.backgrounds + <usize>(feature << 2), background);
    store<i32>(lit.spans + <usize>(feature << 3), entry);
    store<i32>(lit.spans + <usize>(feature << 3), end, 4);
    entry = end;
  }
  store<i32>(lit.counts + <usize>(tile << 2), entry - start);
}

/** The guess, by the first line: its least value, or 0 where that is as frequent. */
function guess(line: usize): f32 {
  const left = f32x4.pmin(v128.load(line), v128.load(line, 16));
  const four = f32x4.pmin(left, f32x4.pmin(v128.load(line, 32), v128.load(line, 48)));
  const two = f32x4.pmin(four, v128.shuffle<f32>(four, four, 2, 3, 2, 3));
  const least = f32x4.splat(min(f32x4.extract_lane(two, 0), f32x4.extract_lane(two, 1)));
  const isLeast = frequency(line, least) > frequency(line, f32x4.splat(0));
  return isLeast ? f32x4.extract_lane(least, 0) : 0;
}

/** Lanes of a line that hold a value. */
// @inline
function frequency(line: usize, value: v128): i32 {
  const left = i32x4.add(f32x4.eq(v128.load(line), value), f32x4.eq(v128.load(line, 16), value));
  const right = i32x4.add(
    f32x4.eq(v128.load(line, 32), value),
    f32x4.eq(v128.load(line, 48), value),
  );
  const four = i32x4.add(left, right);
  const two = i32x4.add(four, v128.shuffle<i32>(four, four, 2, 3, 2, 3));
  return -(i32x4.extract_lane(two, 0) + i32x4.extract_lane(two, 1));
}

/** For each subset of four lanes the bytes that bring its lanes to the front. */
// biome-ignore format: a row for each subset.
const compress: usize = memory.data<u8>([
  0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3,
  0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3,
  4, 5, 6, 7, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3,
  0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 0, 1, 2, 3,
  8, 9, 10, 11, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3,
  0, 1, 2, 3, 8, 9, 10, 11, 0, 1, 2, 3, 0, 1, 2, 3,
  4, 5, 6, 7, 8, 9, 10, 11, 0, 1, 2, 3, 0, 1, 2, 3,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0, 1, 2, 3,
  12, 13, 14, 15, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3,
  0, 1, 2, 3, 12, 13, 14, 15, 0, 1, 2, 3, 0, 1, 2, 3,
  4, 5, 6, 7, 12, 13, 14, 15, 0, 1, 2, 3, 0, 1, 2, 3,
  0, 1, 2, 3, 4, 5, 6, 7, 12, 13, 14, 15, 0, 1, 2, 3,
  8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 0, 1, 2, 3,
  0, 1, 2, 3, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3,
  4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
]);

/** Lists the samples that are not background, from `entry` on; returns the entry past the end. */
function listFeature(args: ListLit, line: usize, entry: i32, background: f32): i32 {
  const lit = args.lit;
  const blockBytes = <usize>lit.columns * LINE;
  const value = f32x4.splat(background);
  const begin = lit.lists + <usize>(entry << 2);
  const excesses = listBytes(lit, args.batch);
  let to = begin;
  let first = i32x4(0, 64, 128, 192);
  let second = i32x4(256, 320, 384, 448);
  let third = i32x4(512, 576, 640, 704);
  let fourth = i32x4(768, 832, 896, 960);
  const block = i32x4.splat(LANES << LINE_SHIFT);
  // Without a branch: nothing predicts which samples are lit. What follows overwrites the rest of a vector.
  for (let blocks = args.batch.blocks; blocks > 0; blocks--, line += blockBytes) {
    to = listFour(v128.load(line), value, first, to, excesses);
    to = listFour(v128.load(line, 16), value, second, to, excesses);
    to = listFour(v128.load(line, 32), value, third, to, excesses);
    to = listFour(v128.load(line, 48), value, fourth, to, excesses);
    first = i32x4.add(first, block);
    second = i32x4.add(second, block);
    third = i32x4.add(third, block);
    fourth = i32x4.add(fourth, block);
  }
  return entry + <i32>((to - begin) >> 2);
}

// @inline
function listFour(x: v128, background: v128, sample: v128, to: usize, excesses: usize): usize {
  const lanes = i32x4.bitmask(f32x4.ne(x, background));
  const order = v128.load(compress + <usize>(lanes << 4));
  v128.store(to, swizzle(sample, order));
  v128.store(to + excesses, swizzle(f32x4.sub(x, background), order));
  return to + <usize>(popcnt(lanes) << 2);
}

/** Decides. One tile. */
export function weighLit(args: WeighLit, _tile: i32): void {
  const lit = args.lit;
  const tiles = tilesOf(lit);
  let count = 0;
  for (let i = 0; i < tiles; i++) count += load<i32>(lit.counts + <usize>(i << 2));
  const all = <f32>lit.columns * <f32>(args.batch.blocks * LANES);
  lit.isSparse = i32(<f32>count < args.breakEven * all);
}

/** First row of a strip: wide ones as long as they fit, then narrow ones. */
// @inline
function firstRow(strip: i32, rows: i32): i32 {
  const wide = rows / WIDE;
  return strip < wide ? strip * WIDE : wide * WIDE + (strip - wide) * NARROW;
}

/** panel[sample][row], by four-by-four transposes. A tile is one strip. */
export function packStrips(args: PackStrips, tile: i32): void {
  const batch = args.batch;
  const rows = args.rows;
  const first = firstRow(tile, rows);
  const width = first + WIDE <= rows ? WIDE : NARROW;
  const stride = <usize>(width << 2);
  const panel = panelOf(args.panels, batch, first);
  for (let b = 0; b < batch.blocks; b++) {
    const lines = args.outputGradient + <usize>(b * rows) * LINE;
    const samples = panel + <usize>(b * LANES) * stride;
    for (let r = 0; r < width; r += 4) {
      const row = first + r;
      const to = samples + <usize>(r << 2);
      // Past the last row, it is repeated; nobody looks at the results.
      const line0 = lines + <usize>(min(row, rows - 1) << LINE_SHIFT);
      const line1 = lines + <usize>(min(row + 1, rows - 1) << LINE_SHIFT);
      const line2 = lines + <usize>(min(row + 2, rows - 1) << LINE_SHIFT);
      const line3 = lines + <usize>(min(row + 3, rows - 1) << LINE_SHIFT);
      for (let lane: usize = 0; lane < <usize>LANES; lane += 4) {
        const s = lane << 2;
        transpose(
          v128.load(line0 + s),
          v128.load(line1 + s),
          v128.load(line2 + s),
          v128.load(line3 + s),
          to + lane * stride,
          stride,
        );
      }
    }
  }
}

/** Stores four vectors as the columns of four. */
// @inline
function transpose(a: v128, b: v128, c: v128, d: v128, to: usize, stride: usize): void {
  const ab01 = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
  const ab23 = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
  const cd01 = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
  const cd23 = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<f32>(ab01, cd01, 0, 1, 4, 5));
  v128.store(to + stride, v128.shuffle<f32>(ab01, cd01, 2, 3, 6, 7));
  v128.store(to + 2 * stride, v128.shuffle<f32>(ab23, cd23, 0, 1, 4, 5));
  v128.store(to + 3 * stride, v128.shuffle<f32>(ab23, cd23, 2, 3, 6, 7));
}

/** ∂L/∂W = ∂L/∂Y Xᵀ over the lit samples. A tile is one strip of rows by `columnsPerTile` columns. */
export function litWeightGradient(args: LitWeightGradient, tile: i32): void {
  const rows = args.rows;
  const columns = args.lit.columns;
  const parts = (columns + args.columnsPerTile - 1) / args.columnsPerTile;
  const strip = tile / parts;
  const from = (tile - strip * parts) * args.columnsPerTile;
  const to = min(from + args.columnsPerTile, columns);
  const first = firstRow(strip, rows);
  if (first + WIDE <= rows) gradientOfStrip(args, first, WIDE, from, to);
  else gradientOfStrip(args, first, NARROW, from, to);
}

/** Sums of the strip, then the sums of four columns, lie in this thread's own memory. */
// @inline
function gradientOfStrip(
  args: LitWeightGradient,
  first: i32,
  width: i32,
  from: i32,
  to: i32,
): void {
  const totals = scratch();
  const stride = <usize>(width << 2);
  const sums = totals + stride;
  const panel = panelOf(args.panels, args.batch, first);
  sumPanel(panel, width, args.batch.blocks * LANES, totals);
  const count = min(width, args.rows - first);
  const excesses = listBytes(args.lit, args.batch);
  for (let column = from; column < to; column += 4) {
    const last = min(column + 4, to);
    let target = sums;
    for (let c = column; c < last; c++, target += stride) {
      if (width === WIDE) gradientOfColumn(args.lit, excesses, c, panel, totals, target);
      else narrowGradientOfColumn(args.lit, excesses, c, panel, totals, target);
    }
    storeColumns(args, first, count, column, last - column, sums, stride);
  }
}

/** totals[r] = Σ_n panel[n][r], sixteen rows at a time. */
function sumPanel(panel: usize, width: i32, samples: i32, totals: usize): void {
  const stride = <usize>(width << 2);
  for (let at: usize = 0; at < stride; at += 64) {
    let a = f32x4.splat(0);
    let b = a;
    let c = a;
    let d = a;
    const end = panel + <usize>samples * stride;
    for (let sample = panel + at; sample < end; sample += stride) {
      a = f32x4.add(a, v128.load(sample));
      b = f32x4.add(b, v128.load(sample, 16));
      c = f32x4.add(c, v128.load(sample, 32));
      d = f32x4.add(d, v128.load(sample, 48));
    }
    v128.store(totals + at, a);
    v128.store(totals + at, b, 16);
    v128.store(totals + at, c, 32);
    v128.store(totals + at, d, 48);
  }
}

/** sums[r] = c · totals[r] + Σ_{n lit} (x_n − c) · panel[n][r] for the WIDE rows of a strip. */
function gradientOfColumn(
  lit: Lit,
  excesses: usize,
  column: i32,
  panel: usize,
  totals: usize,
  sums: usize,
): void {
  const background = v128.load32_splat(lit.backgrounds + <usize>(column << 2));
  let a = f32x4.mul(background, v128.load(totals));
  let b = f32x4.mul(background, v128.load(totals, 16));
  let c = f32x4.mul(background, v128.load(totals, 32));
  let d = f32x4.mul(background, v128.load(totals, 48));
  let e = f32x4.mul(background, v128.load(totals, 64));
  let f = f32x4.mul(background, v128.load(totals, 80));
  let g = f32x4.mul(background, v128.load(totals, 96));
  let h = f32x4.mul(background, v128.load(totals, 112));
  let i = f32x4.mul(background, v128.load(totals, 128));
  let j = f32x4.mul(background, v128.load(totals, 144));
  let k = f32x4.mul(background, v128.load(totals, 160));
  let l = f32x4.mul(background, v128.load(totals, 176));
  const span = lit.spans + <usize>(column << 3);
  const end = lit.lists + <usize>(load<i32>(span, 4) << 2);
  for (let entry = lit.lists + <usize>(load<i32>(span) << 2); entry < end; entry += 4) {
    const x = v128.load32_splat(entry + excesses);
    const y = panel + <usize>load<i32>(entry) * (WIDE / NARROW);
    a = madd(x, v128.load(y), a);
    b = madd(x, v128.load(y, 16), b);
    c = madd(x, v128.load(y, 32), c);
    d = madd(x, v128.load(y, 48), d);
    e = madd(x, v128.load(y, 64), e);
    f = madd(x, v128.load(y, 80), f);
    g = madd(x, v128.load(y, 96), g);
    h = madd(x, v128.load(y, 112), h);
    i = madd(x, v128.load(y, 128), i);
    j = madd(x, v128.load(y, 144), j);
    k = madd(x, v128.load(y, 160), k);
    l = madd(x, v128.load(y, 176), l);
  }
  v128.store(sums, a);
  v128.store(sums, b, 16);
  v128.store(sums, c, 32);
  v128.store(sums, d, 48);
  v128.store(sums, e, 64);
  v128.store(sums, f, 80);
  v128.store(sums, g, 96);
  v128.store(sums, h, 112);
  v128.store(sums, i, 128);
  v128.store(sums, j, 144);
  v128.store(sums, k, 160);
  v128.store(sums, l, 176);
}

/** The same for the NARROW rows of a strip. */
function narrowGradientOfColumn(
  lit: Lit,
  excesses: usize,
  column: i32,
  panel: usize,
  totals: usize,
  sums: usize,
): void {
  const background = v128.load32_splat(lit.backgrounds + <usize>(column << 2));
  let a = f32x4.mul(background, v128.load(totals));
  let b = f32x4.mul(background, v128.load(totals, 16));
  let c = f32x4.mul(background, v128.load(totals, 32));
  let d = f32x4.mul(background, v128.load(totals, 48));
  const span = lit.spans + <usize>(column << 3);
  const end = lit.lists + <usize>(load<i32>(span, 4) << 2);
  for (let entry = lit.lists + <usize>(load<i32>(span) << 2); entry < end; entry += 4) {
    const x = v128.load32_splat(entry + excesses);
    const y = panel + <usize>load<i32>(entry);
    a = madd(x, v128.load(y), a);
    b = madd(x, v128.load(y, 16), b);
    c = madd(x, v128.load(y, 32), c);
    d = madd(x, v128.load(y, 48), d);
  }
  v128.store(sums, a);
  v128.store(sums, b, 16);
  v128.store(sums, c, 32);
  v128.store(sums, d, 48);
}

/** weightGradient[first + r][column + c] = sums[c][r] for `count` rows and up to four columns. */
function storeColumns(
  args: LitWeightGradient,
  first: i32,
  count: i32,
  column: i32,
  width: i32,
  sums: usize,
  stride: usize,
): void {
  const rowBytes = <usize>(args.lit.columns << 2);
  let to = args.weightGradient + <usize>first * rowBytes + <usize>(column << 2);
  let r = 0;
  if (width === 4) {
    for (; r + 4 <= count; r += 4, to += 4 * rowBytes, sums += 16) {
      transpose(
        v128.load(sums),
        v128.load(sums + stride),
        v128.load(sums + 2 * stride),
        v128.load(sums + 3 * stride),
        to,
        rowBytes,
      );
    }
  }
  for (; r < count; r++, to += rowBytes, sums += 4) {
    for (let c: usize = 0; c < <usize>width; c++) {
      store<f32>(to + (c << 2), load<f32>(sums + c * stride));
    }
  }
}
