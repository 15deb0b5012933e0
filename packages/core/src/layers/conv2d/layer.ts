import { UserError } from '../../files/errors.js';
import type { LayerType } from '../../graph/layer.js';
import { countWindows, requireImage, requireWhole } from '../../graph/shapes.js';
import {
  filled,
  literal,
  type Output,
  object,
  truth,
  whole,
  withDefault,
} from '../../schema/index.js';

/** How it stands in a configuration, with its defaults. */
export const conv2dSchema = object({
  kind: literal('conv2d'),
  channels: whole(1),
  /** Height and width of a kernel. */
  size: whole(1),
  stride: withDefault(whole(1), 1),
  /** Zeros around the input. */
  padding: withDefault(whole(0), 0),
  bias: withDefault(truth, true),
});

/** A 2-d convolution. Parameters: weight (out, in, size, size), bias (out). */
export type Conv2dLayer = Readonly<Output<typeof conv2dSchema>>;

/** Describes a convolution to so many channels; by default stride 1, no padding, with a bias. */
export function conv2d(
  channels: number,
  size: number,
  options: Partial<typeof conv2dSchema.defaults> = {},
): Conv2dLayer {
  return { kind: 'conv2d', channels, size, ...filled(conv2dSchema, options) };
}

/** The shapes and parameters of a convolution, and what it does in place. */
export const conv2dType: LayerType<Conv2dLayer> = {
  inputs: 1,

  outputShape({ channels, size, stride, padding }, [input]) {
    const [, height, width] = requireImage(input);
    requireWhole({ channels, size, stride }, 1);
    requireWhole({ padding }, 0);
    const [outHeight, outWidth] = [height, width].map((extent) =>
      countWindows(extent, { size, stride, padding }),
    );
    if (outHeight < 1 || outWidth < 1) {
      throw new UserError(
        `kernels of ${size} × ${size} do not fit an image of ${height} × ${width}`,
      );
    }
    return [channels, outHeight, outWidth];
  },

  parameters({ channels, size, bias }, [input]) {
    const fanIn = input[0] * size * size;
    return {
      weight: { shape: [channels, input[0], size, size], role: 'weight', fanIn },
      ...(bias && { bias: { shape: [channels], role: 'bias', fanIn } }),
    };
  },
};
