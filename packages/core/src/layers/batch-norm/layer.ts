import { UserError } from '../../files/errors.js';
import type { LayerType } from '../../graph/layer.js';
import { formatShape, requireImage } from '../../graph/shapes.js';
import {
  filled,
  literal,
  number,
  type Output,
  object,
  truth,
  withDefault,
} from '../../schema/index.js';

/** How it stands in a configuration, with its defaults. */
export const batchNorm2dSchema = object({
  kind: literal('batch-norm2d'),
  relu: withDefault(truth, false),
  /** Share of the new statistics in the running ones. */
  momentum: withDefault(number(0, 1), 0.1),
  /** Added to the variance. */
  epsilon: withDefault(number(0, Infinity, { open: true }), 1e-5),
});

/**
 * Batch normalization of images, with what so often follows it: the addition of a second input (a
 * skip connection) and a ReLU. Parameters: weight, bias; buffers: running_mean, running_var; all
 * (channels).
 */
export type BatchNorm2dLayer = Readonly<Output<typeof batchNorm2dSchema>>;

/** Describes a batch normalization with PyTorch's defaults. */
export function batchNorm2d(
  options: Partial<typeof batchNorm2dSchema.defaults> = {},
): BatchNorm2dLayer {
  return { kind: 'batch-norm2d', ...filled(batchNorm2dSchema, options) };
}

/** The shapes and parameters of a batch norm, and what it does in place. */
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
