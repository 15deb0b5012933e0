import { UserError } from '../../files/errors.js';
import type { Layer, LayerType } from '../../graph/layer.js';
import { requireImage, requireWhole } from '../../graph/shapes.js';

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

export const conv2dType: LayerType<Conv2dLayer> = {
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

  parameters({ channels, size, bias }, [input]) {
    const fanIn = input[0] * size * size;
    return {
      weight: { shape: [channels, input[0], size, size], role: 'weight', fanIn },
      ...(bias && { bias: { shape: [channels], role: 'bias', fanIn } }),
    };
  },
};
