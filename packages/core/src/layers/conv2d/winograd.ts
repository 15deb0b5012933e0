/** Where 3 × 3 convolutions go by Winograd's algorithm: kernels/winograd.ts, kernels/winograd-gradient.ts. */
import {
  type Call,
  type Condition,
  call,
  type PlannedBuffer,
  type PlannedRecord,
  record,
  type Scope,
  sizes,
} from '../../engine/index.js';
import type { PlacedParameter } from '../../lowering/parameter.js';
import type { Layout } from '../../lowering/planes.js';
import type { ConvolutionShape } from './shape.js';

/** How a sweep of 3 × 3 kernels falls into patches of 2 × 2 outputs. */
export type Patches = PlannedRecord<'Patches'>;

const { SIX } = sizes.panel;
const { POINTS } = sizes.winograd;
const { ROWS, CHANNELS, FOLD_ROWS, SCRATCH_BYTES } = sizes.winogradGradient;
const LINE_BYTES = sizes.layout.LINE;

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
  const fitting = Math.floor(TRANSFORMED_BYTES / (POINTS * channels * LINE_BYTES));
  const fields = {
    channels,
    inputPlane: plane,
    across,
    perBlock: across * (height / 2),
    together: Math.max(LEAST_TOGETHER, fitting),
    flipped: Number(flipped),
  };
  return record('Patches', fields, 'patches');
}

/** Bytes of the transformed weights of so many rows, or of the products of their gradients. */
export function transformedBytes(rows: number, { fields: { channels } }: Patches): number {
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
export function patchedScratch(rows: number, { fields }: Patches): number {
  const { channels, together } = fields;
  const lines = together * (channels + Math.ceil(rows / SIX) * SIX) + 2;
  return Math.max(POINTS * lines * LINE_BYTES, SCRATCH_BYTES);
}

/** What a sweep reads and writes. */
interface PatchedEnds {
  readonly batch: PlannedRecord<'Batch'>;
  readonly sweep: PlannedRecord<'Sweep'>;
  /** The index of its rows. */
  readonly support: PlannedRecord<'Support'>;
  readonly input: PlannedBuffer | undefined;
  readonly bias: PlannedBuffer | undefined;
  readonly output: PlannedBuffer | undefined;
  readonly accumulate: number;
}

/** A sweep to all rows of its index, for up to so many blocks. */
export function patchedSweepCalls(
  patches: Patches,
  { sweep, support, ...ends }: PatchedEnds,
  blocks: number,
  weight: PlannedBuffer,
  packed: PlannedBuffer,
  condition: Condition,
): Call[] {
  const common = { sweep, support, patches, packed };
  const { perBlock, together } = patches.fields;
  const tiles = Math.ceil((blocks * perBlock) / together);
  const { rows } = support.fields;
  return [
    call('packWinograd', { ...common, weight }, Math.ceil(rows / SIX), condition),
    call('convWinograd', { ...common, ...ends }, tiles, condition),
  ];
}

/** What the gradient of weights reads. */
interface PatchedGradient {
  readonly batch: PlannedRecord<'Batch'>;
  readonly sweep: PlannedRecord<'Sweep'>;
  readonly support: PlannedRecord<'Support'>;
  readonly input: PlannedBuffer;
  readonly outputGradient: PlannedBuffer | undefined;
  readonly scope: Scope;
}

/** The gradient of all weights, or of the active rows. */
export function patchedGradientCalls(
  patches: Patches,
  { sweep, input, outputGradient, ...common }: PatchedGradient,
  { rows, gradient: weightGradient }: PlacedParameter,
  products: PlannedBuffer,
  condition?: Condition,
): Call[] {
  const { channels } = patches.fields;
  const parts = partsOf(rows, channels);
  const tiles = parts * gradientTiles(rows, channels);
  const shared = { ...common, patches, products, parts };
  return [
    call('winogradProducts', { ...shared, sweep, input, outputGradient }, tiles, condition),
    call('foldWinograd', { ...shared, weightGradient }, Math.ceil(rows / FOLD_ROWS), condition),
  ];
}
