import { type PlannedBuffer, record } from '../engine/index.js';

/** How a sweep of 3 × 3 kernels falls into patches of 2 × 2 outputs: `Patches` of kernels/winograd.ts. */
export interface Patches {
  readonly record: PlannedBuffer;
  readonly channels: number;
  readonly perBlock: number;
  /** Patches that a tile of `convWinograd` takes. */
  readonly together: number;
}

export interface PatchedSweep {
  readonly height: number;
  readonly width: number;
  /** Input channels, and the lines from one to the next. */
  readonly channels: number;
  readonly inputPlane: number;
  /** Whether the weight's taps run backwards over the input. */
  readonly flipped: boolean;
}

/** The numbers of a transformed patch: POINTS of kernels/winograd.ts. */
export const POINTS = 16;
/** With fewer channels the transforms cost more than they save. */
const LEAST_CHANNELS = 16;
/** Transformed inputs of a tile that stay in a second-level cache beside the products. */
const TRANSFORMED_BYTES = 320 * 1024;
const LINE_BYTES = 64;
/** Patches that make the reading of the weights pay. */
const LEAST_TOGETHER = 4;

/** Plans the patches of a sweep that is as tall and as wide as whole patches; undefined for others. */
export function planPatches({
  height,
  width,
  channels,
  inputPlane,
  flipped,
}: PatchedSweep): Patches | undefined {
  if (height % 2 || width % 2 || channels < LEAST_CHANNELS) return undefined;
  const across = width / 2;
  const perBlock = across * (height / 2);
  const fitting = Math.floor(TRANSFORMED_BYTES / (POINTS * channels * LINE_BYTES));
  const together = Math.max(LEAST_TOGETHER, fitting);
  return {
    ...{ channels, perBlock, together },
    record: record('patches', [
      ...[channels, inputPlane, across, perBlock, together, Number(flipped)],
    ]),
  };
}
