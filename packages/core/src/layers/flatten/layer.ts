import type { Layer, LayerType } from '../../graph/layer.js';
import { sizeOf } from '../../math/index.js';

/** All features of an image in one row, for a linear layer. */
export interface FlattenLayer extends Layer {
  readonly kind: 'flatten';
}

/** Describes flattening. */
export function flatten(): FlattenLayer {
  return { kind: 'flatten' };
}

export const flattenType: LayerType<FlattenLayer> = {
  inputs: 1,
  inPlace: 'tight',
  keepsValues: () => true,
  outputShape: (_, [input]) => [sizeOf(input)],
};
