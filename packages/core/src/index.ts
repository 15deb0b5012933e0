/** Sparse neural networks, trained from scratch by Bregman iterations, in any JavaScript host. */

export {
  type Backend,
  type Network,
  WasmBackend,
  WasmNetwork,
} from './backend/index.js';
export * from './data/index.js';
export { Engine, type EngineOptions } from './engine/index.js';
export { decodeSafetensors, encodeSafetensors, type Tensor, UserError } from './files/index.js';
export { type NetworkDescription, network } from './graph/index.js';
export {
  type ActivationLayer,
  type AddLayer,
  add,
  averagePool2d,
  type BatchNorm2dLayer,
  batchNorm2d,
  type ConcatenateLayer,
  type Conv2dLayer,
  concatenate,
  conv2d,
  type FlattenLayer,
  flatten,
  globalAveragePool2d,
  type LinearLayer,
  leakyRelu,
  linear,
  maxPool2d,
  type PoolLayer,
  relu,
  scaledAdd,
  sigmoid,
  tanh,
} from './layers/index.js';
export * from './math/index.js';
export * from './models/index.js';
export * from './train/index.js';
export { version } from './version.js';
