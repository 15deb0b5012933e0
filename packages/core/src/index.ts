/** Sparse neural networks, trained from scratch by Bregman iterations, in any JavaScript host. */
export * from './data/index.js';
export { Engine, type EngineOptions } from './engine/index.js';
export { decodeSafetensors, encodeSafetensors, type Tensor, UserError } from './files/index.js';
export * from './math/index.js';
export * from './models/index.js';
export { initialize, Network, type NetworkDescription, network } from './nn/index.js';
export * from './nn/layers/index.js';
export { Optimizer } from './optim/index.js';
export * from './train/index.js';
export { version } from './version.js';
