import { UserError } from '../../files/errors.js';
import type { LayerType } from '../../graph/layer.js';
import { requireWhole } from '../../graph/shapes.js';
import { sizeOf } from '../../math/index.js';
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
export const linearSchema = object({
  kind: literal('linear'),
  outputs: whole(1),
  bias: withDefault(truth, true),
});

/** y = W x + b on the flattened input. Parameters: weight (out, in), bias (out). */
export type LinearLayer = Readonly<Output<typeof linearSchema>>;

/** Describes a linear layer with so many outputs. */
export function linear(
  outputs: number,
  options: Partial<typeof linearSchema.defaults> = {},
): LinearLayer {
  return { kind: 'linear', outputs, ...filled(linearSchema, options) };
}

/** The shapes and parameters of a linear layer, and what it does in place. */
export const linearType: LayerType<LinearLayer> = {
  inputs: 1,

  outputShape({ outputs }, [input]) {
    requireWhole({ outputs }, 1);
    if (sizeOf(input) === 0) throw new UserError('the input is empty');
    return [outputs];
  },

  parameters({ outputs, bias }, [input]) {
    const fanIn = sizeOf(input);
    return {
      weight: { shape: [outputs, fanIn], role: 'weight', fanIn },
      ...(bias && { bias: { shape: [outputs], role: 'bias', fanIn } }),
    };
  },
};
