/** Networks as plain data: layers, shapes, lifetimes of tensors, multiply-adds. Knows nothing of what runs them. */
export {
  INPUT,
  type LayerEntry,
  type NamedLayer,
  type NetworkDescription,
  network,
  type ResolvedLayer,
  resolveWith,
} from './description.js';
export type { BufferShape, Layer, LayerType, LayerTypes, ParameterShape } from './layer.js';
export { type BackwardStep, type Lifetimes, planLifetimes } from './lifetimes.js';
export {
  inferenceMultiplyAdds,
  type MultiplyAdds,
  stepMultiplyAdds,
  type WeightWork,
  weightWork,
} from './multiply-adds.js';
export type { NetworkBuffer, Parameter } from './parameter.js';
export { BLOCK, blocksOf, type GradientScope, type Mode } from './pass.js';
export { formatShape } from './shapes.js';
