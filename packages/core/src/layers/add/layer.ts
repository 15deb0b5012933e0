import { UserError } from '../../files/errors.js';
import type { LayerType } from '../../graph/layer.js';
import { formatShape } from '../../graph/shapes.js';
import { literal, type Output, object, truth, withDefault } from '../../schema/index.js';

/** How it stands in a configuration, with its defaults. */
export const addSchema = object({ kind: literal('add'), scaled: withDefault(truth, false) });

/** The sum of two inputs of one shape; `scaled`: left + s · right with a learnable s (weight (1)). */
export type AddLayer = Readonly<Output<typeof addSchema>>;

/** Describes the sum of two inputs. */
export function add(): AddLayer {
  return { kind: 'add', scaled: false };
}

/** Describes left + s · right with a learnable number s: a skip connection that may vanish. */
export function scaledAdd(): AddLayer {
  return { kind: 'add', scaled: true };
}

/** The shapes and parameters of a sum, and what it does in place. */
export const addType: LayerType<AddLayer> = {
  inputs: 2,

  outputShape(_, [left, right]) {
    if (String(left) !== String(right)) {
      throw new UserError(`its inputs are ${formatShape(left)} and ${formatShape(right)}`);
    }
    return left;
  },

  parameters: ({ scaled }) => (scaled ? { weight: { shape: [1], role: 'weight', fanIn: 1 } } : {}),
};
