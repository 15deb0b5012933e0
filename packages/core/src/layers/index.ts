/** Every kind of layer. A new one is a folder beside these, a line here, and one in `plain.ts`. */
import { UserError } from '../files/errors.js';
import { type NetworkDescription, type ResolvedLayer, resolveWith } from '../graph/description.js';
import type { Layer, LayerType } from '../graph/layer.js';
import type { WasmLayer } from '../lowering/wasm.js';
import { listOf, object, optional, text, type VariantSchema, variant } from '../schema/index.js';
import { activationSchema, activationType, leakyReluSchema } from './activation/layer.js';
import { activationWasm } from './activation/wasm.js';
import { addSchema, addType } from './add/layer.js';
import { addWasm } from './add/wasm.js';
import { batchNorm2dSchema, batchNorm2dType } from './batch-norm/layer.js';
import { batchNorm2dWasm } from './batch-norm/wasm.js';
import { concatenateSchema, concatenateType } from './concatenate/layer.js';
import { concatenateWasm } from './concatenate/wasm.js';
import { conv2dSchema, conv2dType } from './conv2d/layer.js';
import { conv2dWasm } from './conv2d/wasm.js';
import { flattenSchema, flattenType } from './flatten/layer.js';
import { flattenWasm } from './flatten/wasm.js';
import { linearSchema, linearType } from './linear/layer.js';
import { linearWasm } from './linear/wasm.js';
import { poolSchema, poolType } from './pool/layer.js';
import { poolWasm } from './pool/wasm.js';

export { type ActivationLayer, leakyRelu, relu, sigmoid, tanh } from './activation/layer.js';
export { type AddLayer, add, scaledAdd } from './add/layer.js';
export { type BatchNorm2dLayer, batchNorm2d } from './batch-norm/layer.js';
export { type ConcatenateLayer, concatenate } from './concatenate/layer.js';
export { type Conv2dLayer, conv2d } from './conv2d/layer.js';
export { type FlattenLayer, flatten } from './flatten/layer.js';
export { type LinearLayer, linear } from './linear/layer.js';
export { averagePool2d, globalAveragePool2d, maxPool2d, type PoolLayer } from './pool/layer.js';

/** A kind of layer with its kernel calls; `plain.ts` has what it computes in TypeScript. */
interface Kind<L extends Layer> {
  readonly schema: VariantSchema;
  readonly type: LayerType<L>;
  readonly wasm: WasmLayer<L>;
}

const activation = { type: activationType, wasm: activationWasm };

const kinds = [
  { schema: linearSchema, type: linearType, wasm: linearWasm },
  { schema: conv2dSchema, type: conv2dType, wasm: conv2dWasm },
  {
    schema: batchNorm2dSchema,
    type: batchNorm2dType,
    wasm: batchNorm2dWasm,
  },
  { schema: poolSchema, type: poolType, wasm: poolWasm },
  { schema: addSchema, type: addType, wasm: addWasm },
  { schema: activationSchema, ...activation },
  {
    schema: concatenateSchema,
    type: concatenateType,
    wasm: concatenateWasm,
  },
  { schema: flattenSchema, type: flattenType, wasm: flattenWasm },
  { schema: leakyReluSchema, ...activation },
] as const;

/** A layer of any kind as data. */
const layerSchema = variant(kinds.map(({ schema }) => schema));

/** The layers of a network as data. */
export const layersSchema = listOf(
  object({ name: text, layer: layerSchema, inputs: optional(listOf(text)) }),
);

const byWord = new Map(
  kinds.flatMap((kind) => kind.schema.entries.kind.words.map((word) => [String(word), kind])),
);

/**
 * All about a layer's kind.
 *
 * @throws {UserError} on an unknown kind
 */
export function kindOf(layer: Layer): Kind<Layer> {
  const kind = byWord.get(layer.kind);
  if (kind) {
    // Each type reads the layers of its own kind, which the look-up has just made sure of.
    return kind as unknown as Kind<Layer>;
  }
  const known = [...byWord.keys()].join(', ');
  throw new UserError(`unknown kind of layer '${layer.kind}'; there are ${known}`);
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
