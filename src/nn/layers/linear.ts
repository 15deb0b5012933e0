import { type Call, type Condition, call, callPerBlock, LANES } from '../../engine/index.js';
import { sizeOf } from '../../math/index.js';
import { type GradientScope, type Layer, type Operation, SCOPES, type Site } from '../operation.js';
import { when } from '../support.js';

/** y = W x + b on the flattened input. Parameters: weight (out, in), bias (out). */
export interface LinearLayer extends Layer {
  readonly kind: 'linear';
  readonly outputs: number;
  readonly bias: boolean;
}

/** Describes a linear layer with so many outputs. */
export function linear(outputs: number, { bias = true }: { bias?: boolean } = {}): LinearLayer {
  return { kind: 'linear', outputs, bias };
}

/** Tile sizes of kernels/linear-rows.ts, kernels/linear-entries.ts and kernels/bias.ts. */
const PANEL = 24;
const SPARSE_ROWS = 32;
const BIAS_FEATURES = 64;

export const linearOperation: Operation<LinearLayer> = {
  inputs: 1,

  outputShape({ outputs }, [input]) {
    if (!Number.isInteger(outputs) || outputs < 1) {
      throw new Error(`outputs must be a whole number from 1 on, not ${outputs}`);
    }
    if (sizeOf(input) === 0) throw new Error('the input is empty');
    return [outputs];
  },

  parameters({ outputs, bias }, [input]) {
    const fanIn = sizeOf(input);
    return {
      weight: { shape: [outputs, fanIn], role: 'weight', fanIn },
      ...(bias && { bias: { shape: [outputs], role: 'bias', fanIn } }),
    };
  },

  place(_, site) {
    if (site.inputs[0].layout.halo > 0) {
      throw new Error('its input is laid out for a convolution: put flatten() before this layer');
    }
    return {
      // What `linearWeightGradient` packs of the gradient to the output.
      scratchBytes: PANEL * site.blocks * LANES * 4,
      forward: () => forward(site),
      backward: (scope) => [
        ...weightGradient(site, scope),
        ...biasGradient(site),
        ...inputGradient(site),
      ],
    };
  },
};

function forward({ batch, inputs: [input], output, parameters }: Site): Call[] {
  const { weight, bias } = parameters;
  const support = weight.support!;
  const common = { batch, support: support.header, bias: bias?.value };
  const ends = { input: input.value, output: output.value };
  return [
    call(
      'linearForward',
      { ...common, ...ends, weight: weight.value },
      Math.ceil(weight.rows / PANEL),
      when(support, 'forward', 'rows'),
    ),
    call(
      'sparseForward',
      { ...common, ...ends },
      Math.ceil(weight.rows / SPARSE_ROWS),
      when(support, 'forward', 'entries'),
    ),
  ];
}

function weightGradient(
  { batch, inputs: [input], output, parameters }: Site,
  scope: GradientScope,
): Call[] {
  const { weight } = parameters;
  const support = weight.support!;
  const common = {
    batch,
    support: support.header,
    input: input.value,
    outputGradient: output.gradient,
    weightGradient: weight.gradient,
  };
  const byRows = (rows: keyof typeof SCOPES, condition?: Condition) =>
    call(
      'linearWeightGradient',
      { ...common, scope: SCOPES[rows] },
      Math.ceil(weight.rows / PANEL),
      condition,
    );
  if (scope === 'all') return [byRows('all')];
  return [
    // What follows overwrites it on the support.
    ...(scope === 'sampled' ? [byRows('sampled')] : []),
    byRows('activeRows', when(support, 'weightGradient', 'rows')),
    call(
      'sparseWeightGradient',
      common,
      Math.ceil(weight.rows / SPARSE_ROWS),
      when(support, 'weightGradient', 'entries'),
    ),
  ];
}

function biasGradient({ batch, output, parameters: { bias } }: Site): Call[] {
  if (!bias) return [];
  const { gradient: outputGradient } = output;
  return [
    call(
      'biasGradient',
      { batch, features: bias.rows, outputGradient, biasGradient: bias.gradient },
      Math.ceil(bias.rows / BIAS_FEATURES),
    ),
  ];
}

function inputGradient({ batch, inputs: [input], accumulates, output, parameters }: Site): Call[] {
  if (!input.gradient) return [];
  const { weight } = parameters;
  const support = weight.support!;
  const common = {
    batch,
    support: support.header,
    outputGradient: output.gradient,
    inputGradient: input.gradient,
    accumulate: Number(accumulates[0]),
  };
  return [
    call(
      'linearInputGradient',
      { ...common, weight: weight.value },
      Math.ceil(weight.columns / PANEL),
      when(support, 'inputGradient', 'rows'),
    ),
    callPerBlock('sparseInputGradient', common, 1, when(support, 'inputGradient', 'entries')),
  ];
}
