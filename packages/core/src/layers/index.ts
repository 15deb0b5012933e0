/** Every kind of layer. A new one is a folder beside these and a line here. */
import { UserError } from '../files/errors.js';
import { type NetworkDescription, type ResolvedLayer, resolveWith } from '../graph/description.js';
import type { Layer, LayerType } from '../graph/layer.js';
import type { PlainLayer } from '../lowering/plain.js';
import type { WasmLayer } from '../lowering/wasm.js';
import { listOf, object, optional, text, type VariantSchema, variant } from '../schema/index.js';
import { activationSchema, activationType, leakyReluSchema } from './activation/layer.js';
import { activationPlain } from './activation/plain.js';
import { activationWasm } from './activation/wasm.js';
import { addSchema, addType } from './add/layer.js';
import { addPlain } from './add/plain.js';
import { addWasm } from './add/wasm.js';
import { batchNorm2dSchema, batchNorm2dType } from './batch-norm/layer.js';
import { batchNorm2dPlain } from './batch-norm/plain.js';
import { batchNorm2dWasm } from './batch-norm/wasm.js';
import { concatenateSchema, concatenateType } from './concatenate/layer.js';
import { concatenatePlain } from './concatenate/plain.js';
import { concatenateWasm } from './concatenate/wasm.js';
import { conv2dSchema, conv2dType } from './conv2d/layer.js';
import { conv2dPlain } from './conv2d/plain.js';
import { conv2dWasm } from './conv2d/wasm.js';
import { flattenSchema, flattenType } from './flatten/layer.js';
import { flattenPlain } from './flatten/plain.js';
import { flattenWasm } from './flatten/wasm.js';
import { linearSchema, linearType } from './linear/layer.js';
import { linearPlain } from './linear/plain.js';
import { linearWasm } from './linear/wasm.js';
import { poolSchema, poolType } from './pool/layer.js';
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
  readonly schema: VariantSchema;
  readonly type: LayerType<L>;
  readonly wasm: WasmLayer<L>;
  readonly plain: PlainLayer<L>;
}

const activation = { type: activationType, wasm: activationWasm, plain: activationPlain };

const kinds = [
  { schema: linearSchema, type: linearType, wasm: linearWasm, plain: linearPlain },
  { schema: conv2dSchema, type: conv2dType, wasm: conv2dWasm, plain: conv2dPlain },
  {
    schema: batchNorm2dSchema,
    type: batchNorm2dType,
    wasm: batchNorm2dWasm,
    plain: batchNorm2dPlain,
  },
  { schema: poolSchema, type: poolType, wasm: poolWasm, plain: poolPlain },
  { schema: addSchema, type: addType, wasm: addWasm, plain: addPlain },
  { schema: activationSchema, ...activation },
  {
    schema: concatenateSchema,
    type: concatenateType,
    wasm: concatenateWasm,
    plain: concatenatePlain,
  },
  { schema: flattenSchema, type: flattenType, wasm: flattenWasm, plain: flattenPlain },
  { schema: leakyReluSchema, ...activation },
] as const;

/** A layer of any kind as data. */
export const layerSchema = variant(kinds.map(({ schema }) => schema));

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
