import type { LayerType } from '../../graph/layer.js';
import { sizeOf } from '../../math/index.js';
import { literal, type Output, object } from '../../schema/index.js';

/** How it stands in a configuration, with its defaults. */
export const flattenSchema = object({ kind: literal('flatten') });

/** All features of an image in one row, for a linear layer. */
export type FlattenLayer = Readonly<Output<typeof flattenSchema>>;

/** Describes flattening. */
export function flatten(): FlattenLayer {
  return { kind: 'flatten' };
}

/** The shapes and parameters of a flattening, and what it does in place. */
export const flattenType: LayerType<FlattenLayer> = {
  inputs: 1,
  inPlace: 'tight',
  keepsValues: () => true,
  outputShape: (_, [input]) => [sizeOf(input)],
};
