import {
  type Call,
  type Condition,
  call,
  callPerBlock,
  type PlannedBuffer,
} from '../../engine/index.js';
import { UserError } from '../../files/errors.js';
import {
  type GradientScope,
  type Layer,
  type Operation,
  type Placed,
  SCOPES,
  type Site,
} from '../operation.js';
import { requireImage, requireWhole } from '../shapes.js';
import { type Pass, planTransposed, when } from '../support.js';
import { backwardSweeps, type ConvolutionShape, forwardSweep, type Sweep } from '../sweep.js';
import {
  goesByPatches,
  PATCHED_BREAK_EVEN,
  patchedGradientCalls,
  patchedScratch,
  patchedSweepCalls,
  transformedBytes,
} from '../winograd.js';

/** A 2-d convolution. Parameters: weight (out, in, size, size), bias (out). */
export interface Conv2dLayer extends Layer {
  readonly kind: 'conv2d';
  readonly channels: number;
  /** Height and width of a kernel. */
  readonly size: number;
  readonly stride: number;
  /** Zeros around the input. */
  readonly padding: number;
  readonly bias: boolean;
}

/** Describes a convolution to so many channels; by default stride 1, no padding, with a bias. */
export function conv2d(
  channels: number,
  size: number,
  { stride = 1, padding = 0, bias = true }: Partial<Omit<Conv2dLayer, 'kind'>> = {},
): Conv2dLayer {
  return { kind: 'conv2d', channels, size, stride, padding, bias };
}

/** Tile sizes of kernels/conv-rows.ts and kernels/conv-entries.ts. */
const SIX = 6;
const GRADIENT_ROWS = 24;
const GRADIENT_COLUMNS = 72;
const FOLD_ROWS = 32;
/** Positions, a cursor for every row and the non-zeros of a row: what the sweeps list. */
const POSITION_BYTES = 8 * 1024;
const CURSOR_BYTES = 4;
const BYTES_PER_NON_ZERO = 8;

export const conv2dOperation: Operation<Conv2dLayer> = {
  inputs: 1,

  outputShape({ channels, size, stride, padding }, [input]) {
    const [, height, width] = requireImage(input);
    requireWhole({ channels, size, stride }, 1);
    requireWhole({ padding }, 0);
    const [outHeight, outWidth] = [height, width].map((extent) =>
      Math.floor((extent + 2 * padding - size) / stride + 1),
    );
    if (outHeight < 1 || outWidth < 1) {
      throw new UserError(
        `kernels of ${size} × ${size} do not fit an image of ${height} × ${width}`,
      );
    }
    return [channels, outHeight, outWidth];
  },

  parameters(layer, [input]) {
    const { channels, size, bias } = layer;
    const fanIn = input[0] * size * size;
    const [, height, width] = conv2dOperation.outputShape(layer, [input]);
    const kernels = { ...layer, kernelHeight: size, kernelWidth: size };
    const isPatched = goesByPatches(kernels, input[0], height, width);
    return {
      weight: {
        ...{ shape: [channels, input[0], size, size], role: 'weight', fanIn },
        ...(isPatched && { breakEvenFactor: PATCHED_BREAK_EVEN }),
      },
      ...(bias && { bias: { shape: [channels], role: 'bias', fanIn } }),
    };
  },

  halo: ({ size, stride, padding }) => ({
    input: padding,
    output: Math.max(0, Math.ceil((size - 1 - padding) / stride)),
  }),

  place: (layer, site) => placeConvolution(layer, site),
};

function placeConvolution({ size, stride, padding }: Conv2dLayer, site: Site): Placed {
  const { inputs, output, parameters } = site;
  const { weight, bias } = parameters;
  const taps = size * size;
  const shape: ConvolutionShape = {
    ...{ inputs: weight.shape[1], outputs: weight.shape[0] },
    ...{ kernelHeight: size, kernelWidth: size, stride, padding },
  };
  const support = weight.support!;
  const sweep = forwardSweep(shape, inputs[0].layout, output.layout);
  const back = inputs[0].gradient ? backwardSweeps(shape, inputs[0].layout, output.layout) : [];
  const transposed = planTransposed(weight, taps);
  const workspace = planWorkspace(site, [
    packedBytes(shape.outputs, sweep),
    ...back.map((each) => packedBytes(shape.inputs, each)),
  ]);
  const forward: Ends = {
    ...{ input: inputs[0].value, bias: bias?.value, output: output.value, accumulate: 0 },
  };
  const backward: Ends = {
    ...{ input: output.gradient, bias: undefined, output: inputs[0].gradient },
    accumulate: Number(site.accumulates[0]),
  };
  const { inputs: rows, outputs } = shape;
  return {
    scratchBytes: Math.max(
      scratchBytes(outputs, rows * taps, sweep),
      ...back.map((each) => scratchBytes(rows, outputs * taps, each)),
    ),
    forward: () => sweepCalls(site, sweep, support.header, 'forward', forward, workspace),
    backward: (scope) => [
      ...weightGradient(site, sweep, scope, workspace),
      ...biasGradient(site),
      ...back.flatMap((each) =>
        sweepCalls(site, each, transposed, 'inputGradient', backward, workspace),
      ),
    ],
    ...(back.length > 0 && {
      index: [call('supportTranspose', { support: support.header, transposed, taps }, 1)],
    }),
  };
}

/** Memory for packed weights or for the blocks' partial gradients, whichever a call needs. */
function planWorkspace(site: Site, packed: readonly number[]): PlannedBuffer {
  const partials = site.blocks * site.parameters.weight.support!.capacity * 4;
  return site.workspace(Math.max(partials, ...packed));
}

function packedBytes(rows: number, { depth, patches }: Sweep): number {
  return patches ? transformedBytes(rows, patches) : Math.ceil(rows / SIX) * SIX * depth * 4;
}

/** What the kernels of a sweep to so many rows keep for themselves, at most. */
function scratchBytes(rows: number, columns: number, { patches }: Sweep): number {
  const listed = POSITION_BYTES + (rows + 1) * CURSOR_BYTES + columns * BYTES_PER_NON_ZERO;
  return patches ? Math.max(listed, patchedScratch(rows, patches)) : listed;
}

/** Where a sweep reads and writes. */
interface Ends {
  readonly input: PlannedBuffer | undefined;
  readonly bias: PlannedBuffer | undefined;
  readonly output: PlannedBuffer | undefined;
  readonly accumulate: number;
}

/** A sweep by whole rows (on packed weights) or by entries; `index` is the one that it goes by. */
function sweepCalls(
  { batch, blocks, parameters }: Site,
  sweep: Sweep,
  index: PlannedBuffer,
  pass: Pass,
  ends: Ends,
  packed: PlannedBuffer,
): Call[] {
  const { support, value: weight } = parameters.weight;
  const shared = { support: index, sweep: sweep.record };
  const common = { batch, ...shared, ...ends };
  const rows = index.fields?.[0] as number;
  const byRows = when(support!, pass, 'rows');
  const { patches, tilesPerBlock } = sweep;
  return [
    ...(patches
      ? patchedSweepCalls(patches, common, rows, blocks, weight, packed, byRows)
      : [
          call('packConv', { ...shared, weight, packed }, Math.ceil(rows / SIX), byRows),
          callPerBlock('convRows', { ...common, packed }, tilesPerBlock, byRows),
        ]),
    callPerBlock('convEntries', common, tilesPerBlock, when(support!, pass, 'entries')),
  ];
}

function weightGradient(
  { batch, inputs, output, parameters }: Site,
  sweep: Sweep,
  scope: GradientScope,
  workspace: PlannedBuffer,
): Call[] {
  const { weight } = parameters;
  const support = weight.support!;
  const common = {
    ...{ batch, sweep: sweep.record, support: support.header },
    ...{ input: inputs[0].value, outputGradient: output.gradient },
  };
  const byRows = (rows: keyof typeof SCOPES, condition?: Condition) => {
    const args = { ...common, scope: SCOPES[rows] };
    if (sweep.patches) {
      return patchedGradientCalls(sweep.patches, args, weight, workspace, condition);
    }
    const tiles =
      Math.ceil(weight.rows / GRADIENT_ROWS) * Math.ceil(weight.columns / GRADIENT_COLUMNS);
    const weightGradient = weight.gradient;
    return [call('convRowsWeightGradient', { ...args, weightGradient }, tiles, condition)];
  };
  if (scope === 'all') return byRows('all');
  const byEntries = when(support, 'weightGradient', 'entries');
  return [
    // What follows overwrites it on the support.
    ...(scope === 'sampled' ? byRows('sampled') : []),
    ...byRows('activeRows', when(support, 'weightGradient', 'rows')),
    callPerBlock('convEntriesWeightGradient', { ...common, partials: workspace }, 1, byEntries),
    call(
      'foldPartials',
      { batch, support: support.header, partials: workspace, weightGradient: weight.gradient },
      Math.ceil(weight.rows / FOLD_ROWS),
      byEntries,
    ),
  ];
}

function biasGradient({ batch, output, parameters: { bias } }: Site): Call[] {
  if (!bias) return [];
  const { layout, gradient: outputGradient } = output;
  return [
    call(
      'planeBiasGradient',
      { batch, layout: layout.record, outputGradient, biasGradient: bias.gradient },
      bias.rows,
    ),
  ];
}
