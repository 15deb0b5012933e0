import { UserError } from '../../files/errors.js';
import type { Layer, LayerType } from '../../graph/layer.js';
import { formatShape, requireImage } from '../../graph/shapes.js';

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

export const batchNorm2dType: LayerType<BatchNorm2dLayer> = {
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
};
