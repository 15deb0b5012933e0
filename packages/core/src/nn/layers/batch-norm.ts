import { call, words } from '../../engine/index.js';
import { UserError } from '../../files/errors.js';
import type { Layer, Mode, Operation, Placed, Site } from '../operation.js';
import { formatShape, requireImage } from '../shapes.js';

/**
 * Batch normalization of images, with what so often follows it: the addition of a second input (a
 * skip connection) and a ReLU. Parameters: weight, bias; buffers: running_mean, running_var; all
 * (channels).
 */
export interface BatchNorm2dLayer extends Layer {
  readonly kind: 'batch-norm2d';
  readonly relu: boolean;
  /** Share of the new statistics in the running ones. */
  readonly momentum: number;
  readonly epsilon: number;
}

/** Describes a batch normalization with PyTorch's defaults. */
export function batchNorm2d({
  relu = false,
  momentum = 0.1,
  epsilon = 1e-5,
}: Partial<Omit<BatchNorm2dLayer, 'kind'>> = {}): BatchNorm2dLayer {
  return { kind: 'batch-norm2d', relu, momentum, epsilon };
}

export const batchNorm2dOperation: Operation<BatchNorm2dLayer> = {
  inputs: '1 or 2',
  readsOutput: ({ relu }) => relu,

  outputShape(_, [input, skip]) {
    requireImage(input);
    if (skip && String(skip) !== String(input)) {
      throw new UserError(`the skip connection is ${formatShape(skip)}, not ${formatShape(input)}`);
    }
    return input;
  },

  parameters: (_, [[channels]]) => ({
    weight: { shape: [channels], role: 'gain', fanIn: 1, initial: 1 },
    bias: { shape: [channels], role: 'bias', fanIn: 1, initial: 0 },
  }),

  buffers: (_, [[channels]]) => ({
    running_mean: { shape: [channels], initial: 0 },
    running_var: { shape: [channels], initial: 1 },
  }),

  place,
};

function place({ relu, momentum, epsilon }: BatchNorm2dLayer, site: Site): Placed {
  const { batch, inputs, accumulates, output, parameters, buffers } = site;
  const [input, skip] = inputs;
  const { weight, bias } = parameters;
  const channels = weight.rows;
  // Of the batch, kept from the forward pass for the backward one.
  const statistics = {
    mean: words('batch mean', channels),
    inverseDeviation: words('batch inverse deviation', channels),
  };
  const common = {
    batch,
    inputLayout: input.layout.record,
    outputLayout: output.layout.record,
    skipLayout: skip?.layout.record,
    input: input.value,
    output: output.value,
    weight: weight.value,
    ...statistics,
    relu: Number(relu),
  };
  return {
    forward: (mode: Mode) => [
      call(
        mode === 'training' ? 'batchNormTraining' : 'batchNormEvaluation',
        {
          ...common,
          skip: skip?.value,
          bias: bias.value,
          runningMean: buffers.running_mean.value,
          runningVariance: buffers.running_var.value,
          momentum,
          epsilon,
        },
        channels,
      ),
    ],
    backward: () => [
      call(
        'batchNormBackward',
        {
          ...common,
          outputGradient: output.gradient,
          inputGradient: input.gradient,
          skipGradient: skip?.gradient,
          skipAccumulates: Number(accumulates[1] ?? false),
          weightGradient: weight.gradient,
          biasGradient: bias.gradient,
          accumulate: Number(accumulates[0]),
        },
        channels,
      ),
    ],
  };
}
