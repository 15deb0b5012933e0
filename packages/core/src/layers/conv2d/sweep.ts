import { list, type PlannedRecord, record, sizes } from '../../engine/index.js';
import { UserError } from '../../files/errors.js';
import type { Layout } from '../../lowering/planes.js';
import type { ConvolutionShape } from './shape.js';
import { goesByPatches, type Patches, planPatches } from './winograd.js';

const { MOST_POSITIONS } = sizes.conv;
const LINE_BYTES = sizes.layout.LINE;

/** A sweep of filters over planes. */
export interface Sweep {
  readonly record: PlannedRecord<'Sweep'>;
  /** Where Winograd's kernels can take its place. */
  readonly patches: Patches | undefined;
}

/**
 * What of a block's input a tile may read: the taller a strip, the fewer passes over the weights, and the
 * more outputs to come back to with every piece of the input.
 */
const TILE_INPUT_BYTES = 1600 * 1024;
/** What all output channels read before they go on to the next input channels: of a second-level cache. */
const PIECE_INPUT_BYTES = 640 * 1024;
/** And at most so many channels: of 256 small planes the sweeps are a fifth slower (512 channels of 4 × 4). */
const PIECE_CHANNELS = 128;

interface SweepPlan {
  readonly height: number;
  readonly width: number;
  readonly input: { layout: Layout; start: number; stepY: number; stepX: number };
  readonly output: { layout: Layout; start: number; stepY: number; stepX: number };
  /** For each column of the (transposed) weight its line, or −1. */
  readonly taps: readonly number[];
  readonly weightOffsets: readonly number[];
  readonly weightStep: number;
  readonly kernelHeight: number;
  readonly patches: Patches | undefined;
}

/** Output position (y, x) reads input (s y + ky − p, s x + kx − p). */
export function forwardSweep(shape: ConvolutionShape, input: Layout, output: Layout): Sweep {
  const { inputs, kernelHeight, kernelWidth, stride, padding } = shape;
  const corner = input.halo - padding;
  const taps = [];
  for (let c = 0; c < inputs; c++) {
    for (let ky = 0; ky < kernelHeight; ky++) {
      for (let kx = 0; kx < kernelWidth; kx++) taps.push(c * input.plane + ky * input.row + kx);
    }
  }
  return planSweep({
    height: output.height,
    width: output.width,
    input: {
      layout: input,
      start: corner * input.row + corner,
      stepY: stride * input.row,
      stepX: stride,
    },
    output: { layout: output, start: output.start, stepY: output.row, stepX: 1 },
    taps,
    weightOffsets: taps.map((_, column) => column),
    weightStep: taps.length,
    kernelHeight,
    patches: patchesOf(shape, input, output, false),
  });
}

/**
 * The gradient to the input gathers ∂L/∂y at (y' + p − ky) / s where that is whole: so the inputs
 * fall into s² classes by their place under the stride, each with its own taps.
 */
export function backwardSweeps(shape: ConvolutionShape, input: Layout, output: Layout): Sweep[] {
  const classes = [];
  for (let a = 0; a < Math.min(shape.stride, input.height); a++) {
    for (let b = 0; b < Math.min(shape.stride, input.width); b++) {
      classes.push(backwardSweep(shape, input, output, a, b));
    }
  }
  return classes;
}

function backwardSweep(
  shape: ConvolutionShape,
  input: Layout,
  output: Layout,
  a: number,
  b: number,
): Sweep {
  const { inputs, outputs, kernelHeight, kernelWidth, stride, padding } = shape;
  const shiftsY = shifts(kernelHeight, a + padding, stride);
  const shiftsX = shifts(kernelWidth, b + padding, stride);
  const leastY = Math.min(0, ...shiftsY.filter(Number.isInteger));
  const leastX = Math.min(0, ...shiftsX.filter(Number.isInteger));
  const size = kernelHeight * kernelWidth;
  const taps = [];
  for (let o = 0; o < outputs; o++) {
    for (const y of shiftsY) {
      for (const x of shiftsX) {
        const isVisited = Number.isInteger(y) && Number.isInteger(x);
        taps.push(isVisited ? o * output.plane + (y - leastY) * output.row + x - leastX : -1);
      }
    }
  }
  const offsetOf = (column: number) => Math.floor(column / size) * inputs * size + (column % size);
  return planSweep({
    height: Math.ceil((input.height - a) / stride),
    width: Math.ceil((input.width - b) / stride),
    input: {
      layout: output,
      start: output.start + leastY * output.row + leastX,
      stepY: output.row,
      stepX: 1,
    },
    output: {
      layout: input,
      start: input.start + a * input.row + b,
      stepY: stride * input.row,
      stepX: stride,
    },
    taps,
    weightOffsets: taps.flatMap((line, column) => (line < 0 ? [] : [offsetOf(column)])),
    weightStep: size,
    kernelHeight: Math.ceil(kernelHeight / stride),
    patches: patchesOf(shape, output, input, true),
  });
}

function patchesOf(
  shape: ConvolutionShape,
  from: Layout,
  to: Layout,
  flipped: boolean,
): Patches | undefined {
  if (!goesByPatches(shape, from.channels, to.height, to.width)) return undefined;
  return planPatches(from, to, flipped);
}

/** How far from its own place an input finds the output that tap k contributes to; whole or not. */
function shifts(size: number, place: number, stride: number): number[] {
  return Array.from({ length: size }, (_, k) => (place - k) / stride);
}

function planSweep(plan: SweepPlan): Sweep {
  const { height, width, input, output, taps, weightOffsets, weightStep } = plan;
  if (width > MOST_POSITIONS)
    throw new UserError(`rows of ${width} are wider than ${MOST_POSITIONS}`);
  const lines = taps.filter((line) => line >= 0);
  const rowsPerTile = rowsThatFit(plan);
  const fields = {
    height,
    width,
    rowsPerTile,
    tilesPerBlock: Math.ceil(height / rowsPerTile),
    inputBlock: input.layout.block,
    inputStart: input.start,
    inputStepY: input.stepY,
    inputStepX: input.stepX,
    outputBlock: output.layout.block,
    outputStart: output.start,
    outputStepY: output.stepY,
    outputStepX: output.stepX,
    outputPlane: output.layout.plane,
    taps: list('taps', taps),
    pieceColumns: pieceColumns(plan, rowsPerTile),
    depth: lines.length,
    lines: list('lines', lines),
    weightOffsets: list('weight offsets', weightOffsets),
    weightStep,
  };
  return { patches: plan.patches, record: record('Sweep', fields, 'sweep') };
}

function rowsThatFit({ height, width, input, kernelHeight }: SweepPlan): number {
  const rowBytes = input.layout.channels * input.layout.row * LINE_BYTES;
  const step = input.stepY / input.layout.row;
  const byCache = Math.floor((TILE_INPUT_BYTES / rowBytes - kernelHeight) / step) + 1;
  const byTable = Math.floor(MOST_POSITIONS / width);
  return Math.max(1, Math.min(height, byCache, byTable));
}

/** Columns of as many input channels as fit, of pieces of equal size. */
function pieceColumns({ input, taps, kernelHeight }: SweepPlan, rowsPerTile: number): number {
  const { channels, row } = input.layout;
  const inputRows = (rowsPerTile - 1) * (input.stepY / row) + kernelHeight;
  const fitting = Math.max(1, Math.floor(PIECE_INPUT_BYTES / (inputRows * row * LINE_BYTES)));
  const pieces = Math.ceil(channels / Math.min(fitting, PIECE_CHANNELS));
  return Math.ceil(channels / pieces) * (taps.length / channels);
}
