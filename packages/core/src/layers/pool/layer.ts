import { UserError } from '../../files/errors.js';
import type { LayerType } from '../../graph/layer.js';
import { countWindows, requireImage, requireWhole } from '../../graph/shapes.js';
import {
  either,
  literal,
  type Output,
  object,
  oneOf,
  optional,
  whole,
  withDefault,
} from '../../schema/index.js';

/** How it stands in a configuration, with its defaults. */
export const poolSchema = object({
  kind: oneOf(['max-pool2d', 'average-pool2d']),
  size: either(whole(1), literal('global')),
  /** By default the size: windows do not overlap. */
  stride: optional(whole(1)),
  padding: withDefault(whole(0), 0),
});

/** The maximum or the mean over windows of an image, or its mean over all of it (size 'global'). */
export type PoolLayer = Readonly<Output<typeof poolSchema>>;

/** What a window lets one choose: by default it moves by its size, and no zeros lie around the image. */
type WindowOptions = Partial<Pick<PoolLayer, 'stride' | 'padding'>>;

/** Describes a maximum over windows; by default they do not overlap. */
export function maxPool2d(
  size: number,
  { stride = size, padding = poolSchema.defaults.padding }: WindowOptions = {},
): PoolLayer {
  return { kind: 'max-pool2d', size, stride, padding };
}

/** Describes a mean over windows; by default they do not overlap. */
export function averagePool2d(
  size: number,
  { stride = size, padding = poolSchema.defaults.padding }: WindowOptions = {},
): PoolLayer {
  return { kind: 'average-pool2d', size, stride, padding };
}

/** Describes the mean over whole planes: one number a channel. */
export function globalAveragePool2d(): PoolLayer {
  return { kind: 'average-pool2d', size: 'global', stride: 1, padding: 0 };
}

/** The shapes and parameters of a pooling, and what it does in place. */
export const poolType: LayerType<PoolLayer> = {
  inputs: 1,
  readsOutput: ({ kind }) => kind === 'max-pool2d',

  outputShape({ size, stride = Number(size), padding }, [input]) {
    const [channels, height, width] = requireImage(input);
    if (size === 'global') {
      if (height !== width) throw new UserError(`a global pool needs a square image`);
      if (padding !== 0) throw new UserError(`a global pool takes no padding, not ${padding}`);
      return [channels, 1, 1];
    }
    requireWhole({ size, stride }, 1);
    requireWhole({ padding }, 0);
    const [outHeight, outWidth] = [height, width].map((extent) =>
      countWindows(extent, { size, stride, padding }),
    );
    if (outHeight < 1 || outWidth < 1 || 2 * padding > size) {
      throw new UserError(
        `windows of ${size} × ${size} do not fit an image of ${height} × ${width}`,
      );
    }
    return [channels, outHeight, outWidth];
  },
};
