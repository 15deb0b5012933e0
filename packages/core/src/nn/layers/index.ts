import { UserError } from '../../files/errors.js';
import type { Layer, Operation } from '../operation.js';
import { activationOperation } from './activation.js';
import { batchNorm2dOperation } from './batch-norm.js';
import { conv2dOperation } from './conv2d.js';
import { addOperation, concatenateOperation, flattenOperation } from './join.js';
import { linearOperation } from './linear.js';
import { poolOperation } from './pool.js';

export { type ActivationLayer, leakyRelu, relu, sigmoid, tanh } from './activation.js';
export { type BatchNorm2dLayer, batchNorm2d } from './batch-norm.js';
export { type Conv2dLayer, conv2d } from './conv2d.js';
export {
  type AddLayer,
  add,
  type ConcatenateLayer,
  concatenate,
  type FlattenLayer,
  flatten,
  scaledAdd,
} from './join.js';
export { type LinearLayer, linear } from './linear.js';
export { averagePool2d, globalAveragePool2d, maxPool2d, type PoolLayer } from './pool.js';

/** Every kind of layer with its operation. A new layer is one file beside this one and a line here. */
const operations = {
  linear: linearOperation,
  conv2d: conv2dOperation,
  'batch-norm2d': batchNorm2dOperation,
  'max-pool2d': poolOperation,
  'average-pool2d': poolOperation,
  relu: activationOperation,
  'leaky-relu': activationOperation,
  sigmoid: activationOperation,
  tanh: activationOperation,
  add: addOperation,
  concatenate: concatenateOperation,
  flatten: flattenOperation,
};

/**
 * The operation of a layer.
 *
 * @throws {UserError} on an unknown kind
 */
export function operationOf(layer: Layer): Operation<Layer> {
  const known = Object.keys(operations);
  if (!known.includes(layer.kind)) {
    throw new UserError(`unknown kind of layer '${layer.kind}'; there are ${known.join(', ')}`);
  }
  // Each operation reads the layers of its own kind, which the look-up has just made sure of.
  return operations[layer.kind as keyof typeof operations] as Operation<Layer>;
}
