export {
  INPUT,
  type LayerEntry,
  type NamedLayer,
  type NetworkDescription,
  network,
  type ResolvedLayer,
  resolve,
} from './description.js';
export { denseStart, initialize, type Start, sparseNormal } from './initialize.js';
export * from './layers/index.js';
export type { LossName } from './loss.js';
export { type MemoryUse, memoryUse } from './memory-use.js';
export {
  inferenceMultiplyAdds,
  type MultiplyAdds,
  stepMultiplyAdds,
  type WeightWork,
  weightWork,
} from './multiply-adds.js';
export { type BatchResult, type CompileOptions, type Inputs, Network } from './network.js';
export type {
  BufferShape,
  GradientScope,
  Layer,
  Mode,
  NetworkBuffer,
  Operation,
  ParameterShape,
  Placed,
  Site,
} from './operation.js';
export type { Parameter } from './parameter.js';
export { type Layout, layoutOf, planTensor, type Tensor } from './planes.js';
export { formatShape } from './shapes.js';
export { type BreakEven, defaultBreakEven, type Pass } from './support.js';
