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

function placeConvolution(layer: Conv2dLayer, site: Site): Placed {
  const taps = layer.size * layer.size;
  const shape = shapeOf(layer, site);
  const { weight } = site.parameters;
  const [input] = site.inputs;
  const support = weight.support!.header;
  const sweep = forwardSweep(shape, input.layout, site.output.layout);
  const back = input.gradient ? backwardSweeps(shape, input.layout, site.output.layout) : [];
  const transposed = planTransposed(weight, taps);
  const { inputs, outputs } = shape;
  const workspace = planWorkspace(site, [
    packedBytes(outputs, sweep),
    ...back.map((each) => packedBytes(inputs, each)),
  ]);
  const forward = forwardEnds(site);
  const backward = backwardEnds(site);
  const placed: Placed = {
    scratchBytes: Math.max(
      scratchBytes(outputs, inputs * taps, sweep),
      ...back.map((each) => scratchBytes(inputs, outputs * taps, each)),
    ),
    forward: () => sweepCalls(site, sweep, support, 'forward', forward, workspace),
    backward: (scope) => [
      ...weightGradient(site, sweep, scope, workspace),
      ...biasGradient(site),
      ...back.flatMap((each) =>
        sweepCalls(site, each, transposed, 'inputGradient', backward, workspace),
      ),
    ],
  };
  if (back.length === 0) return placed;
  return { ...placed, index: [call('supportTranspose', { support, transposed, taps }, 1)] };
}

function shapeOf({ size, stride, padding }: Conv2dLayer, { parameters }: Site): ConvolutionShape {
  const [outputs, inputs] = parameters.weight.shape;
  return { inputs, outputs, kernelHeight: size, kernelWidth: size, stride, padding };
}

/** Where the forward sweep reads and writes. */
function forwardEnds({ inputs: [input], output, parameters: { bias } }: Site): Ends {
  return { input: input.value, bias: bias?.value, output: output.value, accumulate: 0 };
}

/** Where the sweeps of the gradient to the input do. */
function backwardEnds({ inputs: [input], output, accumulates }: Site): Ends {
  return {
    input: output.gradient,
    bias: undefined,
    output: input.gradient,
    accumulate: Number(accumulates[0]),
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
  const calls = sweep.patches
    ? patchedSweepCalls(sweep.patches, common, blocks, weight, packed, byRows)
    : [
        call('packConv', { ...shared, weight, packed }, tiles, byRows),
        callPerBlock('convRows', { ...common, packed }, tilesPerBlock, byRows),
      ];
  const byEntries = when(owner!, pass, 'entries');
  return [...calls, callPerBlock('convEntries', common, tilesPerBlock, byEntries)];
}

function weightGradient(
  site: Site,
  sweep: Sweep,
  scope: GradientScope,
  workspace: PlannedBuffer,
): Call[] {
  const byRows = (scope: Scope, condition?: Condition) =>
    gradientByRows(site, sweep, scope, workspace, condition);
  if (scope === 'all') return byRows(Scope.all);
  const onRows = when(site.parameters.weight.support!, 'weightGradient', 'rows');
  const onSupport = [
    ...byRows(Scope.activeRows, onRows),
    ...gradientByEntries(site, sweep, workspace),
  ];
  // The exact one overwrites it on the support.
  return scope === 'sampled' ? [...byRows(Scope.sampled), ...onSupport] : onSupport;
}

function gradientByRows(
  site: Site,
  sweep: Sweep,
  scope: Scope,
  workspace: PlannedBuffer,
  condition?: Condition,
): Call[] {
  const { weight } = site.parameters;
  const args = { ...gradientArguments(site, sweep), scope };
  if (sweep.patches) {
    return patchedGradientCalls(sweep.patches, args, weight, workspace, condition);
  }
  const { ROWS, COLUMNS } = sizes.convRows;
  const tiles = Math.ceil(weight.rows / ROWS) * Math.ceil(weight.columns / COLUMNS);
  const weightGradient = weight.gradient;
  return [call('convRowsWeightGradient', { ...args, weightGradient }, tiles, condition)];
}

/** Of each block on its own, then added up. */
function gradientByEntries(site: Site, sweep: Sweep, partials: PlannedBuffer): Call[] {
  const { batch, parameters } = site;
  const { rows, gradient: weightGradient, support } = parameters.weight;
  const byEntries = when(support!, 'weightGradient', 'entries');
  const args = { ...gradientArguments(site, sweep), partials };
  return [
    callPerBlock('convEntriesWeightGradient', args, 1, byEntries),
    call(
      'foldPartials',
      { batch, support: support!.header, partials, weightGradient },
      Math.ceil(rows / FOLD_ROWS),
      byEntries,
    ),
  ];
}

function gradientArguments({ batch, inputs: [input], output, parameters }: Site, sweep: Sweep) {
  return {
    batch,
    sweep: sweep.record,
    support: parameters.weight.support!.header,
    input: input.value,
    outputGradient: output.gradient,
  };
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
