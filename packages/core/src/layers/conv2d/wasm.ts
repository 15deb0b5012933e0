import {
  type Call,
  type Condition,
  call,
  callPerBlock,
  type PlannedBuffer,
  type PlannedRecord,
  Scope,
  sizes,
} from '../../engine/index.js';
import type { GradientScope } from '../../graph/pass.js';
import { type Pass, when } from '../../lowering/support.js';
import type { Placed, Site, WasmLayer } from '../../lowering/wasm.js';
import { type Conv2dLayer, conv2dType } from './layer.js';
import type { ConvolutionShape } from './shape.js';
import { backwardSweeps, forwardSweep, type Sweep } from './sweep.js';
import { planTransposed } from './transposed.js';
import {
  goesByPatches,
  PATCHED_BREAK_EVEN,
  patchedGradientCalls,
  patchedScratch,
  patchedSweepCalls,
  transformedBytes,
} from './winograd.js';

const { SIX } = sizes.panel;
const { CURSOR_BYTES, NON_ZERO_BYTES, ROWS: FOLD_ROWS } = sizes.convEntries;

/** The kernel calls of a convolution. */
export const conv2dWasm: WasmLayer<Conv2dLayer> = {
  halo: ({ size, stride, padding }) => ({
    input: padding,
    output: Math.max(0, Math.ceil((size - 1 - padding) / stride)),
  }),

  breakEvenFactor(layer, [input]) {
    const { size } = layer;
    const [, height, width] = conv2dType.outputShape(layer, [input]);
    const kernels = { ...layer, kernelHeight: size, kernelWidth: size };
    return goesByPatches(kernels, input[0], height, width) ? PATCHED_BREAK_EVEN : 1;
  },

  place: placeConvolution,
};

function placeConvolution({ size, stride, padding }: Conv2dLayer, site: Site): Placed {
  const { inputs, output, parameters } = site;
  const { weight, bias } = parameters;
  const taps = size * size;
  const shape: ConvolutionShape = {
    inputs: weight.shape[1],
    outputs: weight.shape[0],
    kernelHeight: size,
    kernelWidth: size,
    stride,
    padding,
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
    input: inputs[0].value,
    bias: bias?.value,
    output: output.value,
    accumulate: 0,
  };
  const backward: Ends = {
    input: output.gradient,
    bias: undefined,
    output: inputs[0].gradient,
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
  const partials = site.blocks * site.parameters.weight.support!.header.fields.capacity * 4;
  return site.workspace(Math.max(partials, ...packed));
}

function packedBytes(rows: number, { record: { fields }, patches }: Sweep): number {
  return patches ? transformedBytes(rows, patches) : Math.ceil(rows / SIX) * SIX * fields.depth * 4;
}

/** What the kernels of a sweep to so many rows keep for themselves, at most. */
function scratchBytes(rows: number, columns: number, { patches }: Sweep): number {
  const listed = sizes.conv.POSITION_BYTES + (rows + 1) * CURSOR_BYTES + columns * NON_ZERO_BYTES;
  return patches ? Math.max(listed, patchedScratch(rows, patches)) : listed;
}

/** Where a sweep reads and writes. */
interface Ends {
  readonly input: PlannedBuffer | undefined;
  readonly bias: PlannedBuffer | undefined;
  readonly output: PlannedBuffer | undefined;
  readonly accumulate: number;
}

/** A sweep by whole rows (on packed weights) or by entries; `support` is the index that it goes by. */
function sweepCalls(
  { batch, blocks, parameters }: Site,
  sweep: Sweep,
  support: PlannedRecord<'Support'>,
  pass: Pass,
  ends: Ends,
  packed: PlannedBuffer,
): Call[] {
  const { support: owner, value: weight } = parameters.weight;
  const shared = { support, sweep: sweep.record };
  const common = { batch, ...shared, ...ends };
  const byRows = when(owner!, pass, 'rows');
  const { tilesPerBlock } = sweep.record.fields;
  const tiles = Math.ceil(support.fields.rows / SIX);
  return [
    ...(sweep.patches
      ? patchedSweepCalls(sweep.patches, common, blocks, weight, packed, byRows)
      : [
          call('packConv', { ...shared, weight, packed }, tiles, byRows),
          callPerBlock('convRows', { ...common, packed }, tilesPerBlock, byRows),
        ]),
    callPerBlock('convEntries', common, tilesPerBlock, when(owner!, pass, 'entries')),
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
    batch,
    sweep: sweep.record,
    support: support.header,
    input: inputs[0].value,
    outputGradient: output.gradient,
  };
  const byRows = (scope: Scope, condition?: Condition) => {
    const args = { ...common, scope };
    if (sweep.patches) {
      return patchedGradientCalls(sweep.patches, args, weight, workspace, condition);
    }
    const { ROWS, COLUMNS } = sizes.convRows;
    const tiles = Math.ceil(weight.rows / ROWS) * Math.ceil(weight.columns / COLUMNS);
    const weightGradient = weight.gradient;
    return [call('convRowsWeightGradient', { ...args, weightGradient }, tiles, condition)];
  };
  if (scope === 'all') return byRows(Scope.all);
  const byEntries = when(support, 'weightGradient', 'entries');
  return [
    // What follows overwrites it on the support.
    ...(scope === 'sampled' ? byRows(Scope.sampled) : []),
    ...byRows(Scope.activeRows, when(support, 'weightGradient', 'rows')),
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
