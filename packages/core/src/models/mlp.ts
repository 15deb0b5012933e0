import { type NetworkDescription, network } from '../graph/index.js';
import { linear, relu } from '../layers/index.js';
import { sizeOf } from '../math/index.js';
import { kind, list, literal, object, whole } from '../schema/index.js';
import type { ModelContext } from './model.js';

/**
 * A multi-layer perceptron: linear layers `fc1`, `fc2`, … with ReLU between them and none on the
 * logits. The paper's is mlp([784, 200, 80, 10]).
 *
 * @param sizes features of the input, of each hidden layer and of the output
 * @throws RangeError on fewer than two sizes
 */
export function mlp(sizes: readonly number[]): NetworkDescription {
  const [inputs, ...outputs] = sizes;
  if (inputs === undefined || outputs.length === 0) {
    throw new RangeError(`an MLP needs at least two sizes, not [${sizes}]`);
  }
  const layers = outputs.flatMap((size, index) => {
    const layer = [`fc${index + 1}`, linear(size)] as const;
    return index < outputs.length - 1 ? [layer, relu()] : [layer];
  });
  return network([inputs], layers);
}

/** An MLP in a configuration: the sizes of its hidden layers, perhaps none. */
export const mlpKind = kind(
  object({ kind: literal('mlp'), hidden: list(whole(1)) }),
  ({ hidden }, { input, outputs }: ModelContext) => mlp([sizeOf(input), ...hidden, outputs]),
);
