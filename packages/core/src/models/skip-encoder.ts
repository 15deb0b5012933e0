import { INPUT, type LayerEntry, type NetworkDescription, network } from '../graph/index.js';
import { linear, relu, scaledAdd } from '../layers/index.js';
import { sizeOf } from '../math/index.js';
import { kind, literal, object, whole, withDefault } from '../schema/index.js';
import type { ModelContext } from './model.js';

const schema = object({ kind: literal('skip-encoder'), depth: withDefault(whole(1), 6) });

/**
 * The follow-up's network for restoration (arXiv 2106.02479): layers of one width, in which every
 * output x_l receives all outputs before it, and the input x_0, by learnable scales:
 * x_l = ReLU(W_l x_{l−1} + b_l) + Σ_{k<l} s_{l,k} x_k. Nothing follows the sum. The scales
 * `skipL.K.weight` are weights, for l1 to choose from; started at zero (`density: 0`), skip
 * connections appear one after the other.
 *
 * @param features of the input, of every layer and of the output
 * @param depth weight matrices; the follow-up has six, so 21 skip connections
 */
export function skipEncoder(features: number, depth = schema.defaults.depth): NetworkDescription {
  const outputs: string[] = [INPUT];
  const layers: LayerEntry[] = [];
  for (let l = 1; l <= depth; l++) {
    let sum = `relu${l}`;
    layers.push([`fc${l}`, linear(features), outputs.at(-1)!], [sum, relu()]);
    for (const [k, output] of outputs.entries()) {
      const skip = `skip${l}.${k}`;
      layers.push([skip, scaledAdd(), sum, output]);
      sum = skip;
    }
    outputs.push(sum);
  }
  return network([features], layers);
}

/** It in a configuration: layers of the input's own size. */
export const skipEncoderKind = kind(schema, ({ depth }, { input }: ModelContext) =>
  skipEncoder(sizeOf(input), depth),
);
