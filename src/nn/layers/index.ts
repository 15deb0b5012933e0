import type { Layer, Operation } from '../operation.js';
import { activationOperation } from './activation.js';
import { linearOperation } from './linear.js';

export { type ActivationLayer, leakyRelu, relu, sigmoid, tanh } from './activation.js';
export { type LinearLayer, linear } from './linear.js';

/** Every kind of layer with its operation. A new layer is one file beside this one and a line here. */
const operations = {
  linear: linearOperation,
  relu: activationOperation,
  'leaky-relu': activationOperation,
  sigmoid: activationOperation,
  tanh: activationOperation,
};

/**
 * The operation of a layer.
 *
 * @throws Error on an unknown kind
 */
export function operationOf(layer: Layer): Operation<Layer> {
  const known = Object.keys(operations);
  if (!known.includes(layer.kind)) {
    throw new Error(`unknown kind of layer '${layer.kind}'; there are ${known.join(', ')}`);
  }
  // Each operation reads the layers of its own kind, which the look-up has just made sure of.
  return operations[layer.kind as keyof typeof operations] as Operation<Layer>;
}
