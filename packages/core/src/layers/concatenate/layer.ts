import { UserError } from '../../files/errors.js';
import type { LayerType } from '../../graph/layer.js';
import { formatShape, requireImage } from '../../graph/shapes.js';
import { literal, type Output, object } from '../../schema/index.js';

/** How it stands in a configuration, with its defaults. */
export const concatenateSchema = object({ kind: literal('concatenate') });

/** The channels of several images of one size, one after the other. */
export type ConcatenateLayer = Readonly<Output<typeof concatenateSchema>>;

/** Describes the concatenation of images along their channels. */
export function concatenate(): ConcatenateLayer {
  return { kind: 'concatenate' };
}

/** The shapes and parameters of a concatenation, and what it does in place. */
export const concatenateType: LayerType<ConcatenateLayer> = {
  inputs: 'several',

  outputShape(_, inputs) {
    const [[, height, width]] = inputs.map(requireImage);
    const odd = inputs.find(([, h, w]) => h !== height || w !== width);
    if (odd)
      throw new UserError(`its inputs are ${formatShape(inputs[0])} and ${formatShape(odd)}`);
    return [inputs.reduce((sum, [channels]) => sum + channels, 0), height, width];
  },
};
