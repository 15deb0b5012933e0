/** Where 3 × 3 convolutions go by Winograd's algorithm: kernels/winograd.ts, kernels/winograd-gradient.ts. */
import { type Call, type Condition, call, type PlannedBuffer, record } from '../../engine/index.js';
import type { PlacedParameter } from '../../lowering/parameter.js';
import type { Layout } from '../../lowering/planes.js';
import type { ConvolutionShape } from './convolution-shape.js';

/** How a sweep of 3 × 3 kernels falls into patches of 2 × 2 outputs: `Patches` of kernels/winograd.ts. */
export interface Patches {
  readonly record: PlannedBuffer;
  /** Input channels. */
  readonly channels: number;
  readonly perBlock: number;
  /** Patches that a tile of `convWinograd` takes. */
  readonly together: number;
}

/** Sizes of these kernels: the numbers of a transformed patch, and the tiles of the weight gradient. */
const POINTS = 16;
const SIX = 6;
const SIDE = 4;
const ROWS = 66;
const CHANNELS = 32;
const PATCHES = 8;
const FOLD_ROWS = 8;
const LINE_BYTES = 64;
const VECTOR_BYTES = 16;

/** With fewer channels the transforms cost more than they save. */
const LEAST_CHANNELS = 16;
/**
 * What the break-even densities are multiplied by. Measured at 0.21 to 0.34 for single weights, 0.28 to 0.41
 * for whole kernels, where the default of 0.4 belongs to products by whole rows.
 */
export const PATCHED_BREAK_EVEN = 0.625;
/** Transformed inputs of a tile, beside whose products they stay in a second-level cache. */
const TRANSFORMED_BYTES = 320 * 1024;
/** Tiles that keep several threads busy. */
const LEAST_TILES = 16;
/** So many patches make the reading of the weights pay, whatever the cache. */
const LEAST_TOGETHER = 4;

/** Whether a sweep over so many channels, to planes of this size, goes by patches. */
export function goesByPatches(
  { kernelHeight, kernelWidth, stride, padding }: Omit<ConvolutionShape, 'inputs' | 'outputs'>,
  channels: number,
  height: number,
  width: number,
): boolean {
  if (kernelHeight !== 3 || kernelWidth !== 3 || stride !== 1) return false;
  // With more padding some inputs touch only a part of a kernel.
  return padding <= 2 && channels >= LEAST_CHANNELS && height % 2 === 0 && width % 2 === 0;
}

/**
 * Plans the patches of a sweep.
 *
 * @param flipped whether the weight's taps run backwards over the input
 */
export function planPatches(
  { channels, plane }: Layout,
  { height, width }: Layout,
  flipped: boolean,
): Patches {
  const across = width / 2;
  const perBlock = across * (height / 2);
  const fitting = Math.floor(TRANSFORMED_BYTES / (POINTS * channels * LINE_BYTES));
  const together = Math.max(LEAST_TOGETHER, fitting);
  const fields = [channels, plane, across, perBlock, together, Number(flipped)];
  return { channels, perBlock, together, record: record('patches', fields) };
}

/** Bytes of the transformed weights of so many rows, or of the products of their gradients. */
export function transformedBytes(rows: number, { channels }: Patches): number {
  const padded = Math.ceil(rows / SIX) * SIX;
  return Math.max(padded, rows * partsOf(rows, channels)) * channels * POINTS * 4;
}

/** Parts of the batch that make enough tiles of a gradient. */
function partsOf(rows: number, channels: number): number {
  return Math.ceil(LEAST_TILES / gradientTiles(rows, channels));
}

function gradientTiles(rows: number, channels: number): number {
  return Math.ceil(rows / ROWS) * Math.ceil(channels / CHANNELS);
}

/** Memory that a thread wants for a sweep to so many rows, and for the gradient of its weights. */
export function patchedScratch(rows: number, { channels, together }: Patches): number {
  const lines = together * (channels + Math.ceil(rows / SIX) * SIX) + 2;
  const sums = ROWS * CHANNELS * VECTOR_BYTES;
  const factors = (ROWS + CHANNELS) * PATCHES + 2;
  return Math.max(POINTS * lines * LINE_BYTES, POINTS * sums + SIDE * factors * LINE_BYTES);
}

/** What a sweep reads and writes. */
export interface PatchedEnds {
  readonly batch: PlannedBuffer;
  readonly sweep: PlannedBuffer;
  /** The index of its rows. */
  readonly support: PlannedBuffer;
  readonly input: PlannedBuffer | undefined;
  readonly bias: PlannedBuffer | undefined;
  readonly output: PlannedBuffer | undefined;
  readonly accumulate: number;
}

/** A sweep to so many rows, for up to so many blocks. */
export function patchedSweepCalls(
  { record: patches, perBlock, together }: Patches,
  { sweep, support, ...ends }: PatchedEnds,
  rows: number,
  blocks: number,
  weight: PlannedBuffer,
  packed: PlannedBuffer,
  condition: Condition,
): Call[] {
  const common = { sweep, support, patches, packed };
  const tiles = Math.ceil((blocks * perBlock) / together);
  return [
    call('packWinograd', { ...common, weight }, Math.ceil(rows / SIX), condition),
    call('convWinograd', { ...common, ...ends }, tiles, condition),
  ];
}

/** What the gradient of weights reads. */
export interface PatchedGradient {
  readonly batch: PlannedBuffer;
  readonly sweep: PlannedBuffer;
  readonly support: PlannedBuffer;
  readonly input: PlannedBuffer;
  readonly outputGradient: PlannedBuffer | undefined;
  /** Of `SCOPES`. */
  readonly scope: number;
}

/** The gradient of all weights, or of the active rows. */
export function patchedGradientCalls(
  { record: patches, channels }: Patches,
  { sweep, input, outputGradient, ...common }: PatchedGradient,
  { rows, gradient: weightGradient }: PlacedParameter,
  products: PlannedBuffer,
  condition?: Condition,
): Call[] {
  const parts = partsOf(rows, channels);
  const tiles = parts * gradientTiles(rows, channels);
  const shared = { ...common, patches, products, parts };
  return [
    call('winogradProducts', { ...shared, sweep, input, outputGradient }, tiles, condition),
    call('foldWinograd', { ...shared, weightGradient }, Math.ceil(rows / FOLD_ROWS), condition),
  ];
}
