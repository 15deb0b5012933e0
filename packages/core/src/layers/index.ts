/** Every kind of layer. A new one is a folder beside these and a line here. */
import { UserError } from '../files/errors.js';
import { type NetworkDescription, type ResolvedLayer, resolveWith } from '../graph/description.js';
import type { Layer, LayerType } from '../graph/layer.js';
import type { PlainLayer } from '../lowering/plain.js';
import type { WasmLayer } from '../lowering/wasm.js';
import { activationType } from './activation/layer.js';
import { activationPlain } from './activation/plain.js';
import { activationWasm } from './activation/wasm.js';
import { addType } from './add/layer.js';
import { addPlain } from './add/plain.js';
import { addWasm } from './add/wasm.js';
import { batchNorm2dType } from './batch-norm/layer.js';
import { batchNorm2dPlain } from './batch-norm/plain.js';
import { batchNorm2dWasm } from './batch-norm/wasm.js';
import { concatenateType } from './concatenate/layer.js';
import { concatenatePlain } from './concatenate/plain.js';
import { concatenateWasm } from './concatenate/wasm.js';
import { conv2dType } from './conv2d/layer.js';
import { conv2dPlain } from './conv2d/plain.js';
import { conv2dWasm } from './conv2d/wasm.js';
import { flattenType } from './flatten/layer.js';
import { flattenPlain } from './flatten/plain.js';
import { flattenWasm } from './flatten/wasm.js';
import { linearType } from './linear/layer.js';
import { linearPlain } from './linear/plain.js';
import { linearWasm } from './linear/wasm.js';
import { poolType } from './pool/layer.js';
import { poolPlain } from './pool/plain.js';
import { poolWasm } from './pool/wasm.js';

export { type ActivationLayer, leakyRelu, relu, sigmoid, tanh } from './activation/layer.js';
export { type AddLayer, add, scaledAdd } from './add/layer.js';
export { type BatchNorm2dLayer, batchNorm2d } from './batch-norm/layer.js';
export { type ConcatenateLayer, concatenate } from './concatenate/layer.js';
export { type Conv2dLayer, conv2d } from './conv2d/layer.js';
export { type FlattenLayer, flatten } from './flatten/layer.js';
export { type LinearLayer, linear } from './linear/layer.js';
export { averagePool2d, globalAveragePool2d, maxPool2d, type PoolLayer } from './pool/layer.js';

/** A kind of layer with its lowering to each backend. */
interface Kind<L extends Layer> {
  readonly type: LayerType<L>;
  readonly wasm: WasmLayer<L>;
  readonly plain: PlainLayer<L>;
}

const activation = { type: activationType, wasm: activationWasm, plain: activationPlain };
const pool = { type: poolType, wasm: poolWasm, plain: poolPlain };

const kinds = {
  linear: { type: linearType, wasm: linearWasm, plain: linearPlain },
  conv2d: { type: conv2dType, wasm: conv2dWasm, plain: conv2dPlain },
  'batch-norm2d': { type: batchNorm2dType, wasm: batchNorm2dWasm, plain: batchNorm2dPlain },
  'max-pool2d': pool,
  'average-pool2d': pool,
  relu: activation,
  'leaky-relu': activation,
  sigmoid: activation,
  tanh: activation,
  add: { type: addType, wasm: addWasm, plain: addPlain },
  concatenate: { type: concatenateType, wasm: concatenateWasm, plain: concatenatePlain },
  flatten: { type: flattenType, wasm: flattenWasm, plain: flattenPlain },
};

/**
 * All about a layer's kind.
 *
 * @throws {UserError} on an unknown kind
 */
export function kindOf(layer: Layer): Kind<Layer> {
  const known = Object.keys(kinds);
  if (!known.includes(layer.kind)) {
    throw new UserError(`unknown kind of layer '${layer.kind}'; there are ${known.join(', ')}`);
  }
  // Each type reads the layers of its own kind, which the look-up has just made sure of.
  return kinds[layer.kind as keyof typeof kinds] as Kind<Layer>;
}

/**
 * Infers all shapes of a network of these kinds of layers.
 *
 * @throws {UserError} that names the layer which cannot take its inputs and the layers that these come
 *   from, one that no other reads, or a name that is used twice or not known
 */
export function resolve(description: NetworkDescription): ResolvedLayer[] {
  return resolveWith((layer) => kindOf(layer).type, description);
}
