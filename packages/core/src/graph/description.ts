import { UserError } from '../files/errors.js';
import type { Shape } from '../math/index.js';
import type { BufferShape, Layer, LayerType, LayerTypes, ParameterShape } from './layer.js';
import { formatShape } from './shapes.js';

/** A layer with its name and where its inputs come from. */
export interface NamedLayer {
  readonly name: string;
  readonly layer: Layer;
  /** Names of layers, or `input` for the network's own; by default the layer before. */
  readonly inputs?: readonly string[];
}

/** A network as plain data: fit for JSON, enough to build the network again. */
export interface NetworkDescription {
  /** Shape of one sample. */
  readonly input: Shape;
  /** Each after those that it reads; the last one is the output. */
  readonly layers: readonly NamedLayer[];
}

/** A layer that knows what flows in and out. */
export interface ResolvedLayer {
  readonly name: string;
  readonly layer: Layer;
  readonly type: LayerType<Layer>;
  readonly inputs: readonly string[];
  readonly outputShape: Shape;
  readonly parameters: Readonly<Record<string, ParameterShape>>;
  readonly buffers: Readonly<Record<string, BufferShape>>;
}

/** The name by which layers read the network's input. */
export const INPUT = 'input';

/** A layer as people write it: with a name, and with names of its inputs, or without. */
export type LayerEntry =
  | Layer
  | readonly [name: string, layer: Layer]
  | readonly [name: string, layer: Layer, ...inputs: string[]];

/**
 * Describes a network. A layer reads the one before it unless it names its inputs; one without a
 * name gets its position, as in PyTorch's Sequential.
 *
 * ```ts
 * import { add, conv2d, flatten, linear, network, relu } from '@bregman/core';
 *
 * const chain = network([784], [['fc1', linear(200)], relu(), ['fc2', linear(10)]]);
 * const residual = network(
 *   [3, 32, 32],
 *   [['a', conv2d(3, 3, { padding: 1 })], ['b', relu()], ['sum', add(), 'input', 'b'], flatten(), linear(10)],
 * );
 * console.log(chain, residual);
 * ```
 *
 * @param input shape of one sample: (features) or (channels, height, width)
 */
export function network(input: Shape, layers: readonly LayerEntry[]): NetworkDescription {
  return {
    input,
    layers: layers.map((entry, position) => {
      if (!isNamed(entry)) return { name: String(position), layer: entry };
      const [name, layer, ...inputs] = entry;
      return { name, layer, ...(inputs.length > 0 && { inputs }) };
    }),
  };
}

function isNamed(entry: LayerEntry): entry is Exclude<LayerEntry, Layer> {
  return Array.isArray(entry);
}

/**
 * Infers all shapes of a network.
 *
 * @param typeOf what its kinds of layers are; `resolve` of `layers/` knows ours
 * @throws {UserError} that names the layer which cannot take its inputs and the layers that these come
 *   from, one that no other reads, or a name that is used twice or not known
 */
export function resolveWith(
  typeOf: LayerTypes,
  { input, layers }: NetworkDescription,
): ResolvedLayer[] {
  if (layers.length === 0) throw new UserError('a network needs a layer');
  const shapes = new Map<string, Shape>([[INPUT, input]]);
  let previous = INPUT;
  const resolvedLayers = layers.map(({ name, layer, inputs = [previous] }) => {
    if (shapes.has(name)) throw new UserError(`two layers are named '${name}'`);
    const resolved = resolveLayer(typeOf, { name, layer, inputs }, shapes);
    shapes.set(name, resolved.outputShape);
    previous = name;
    return resolved;
  });
  checkReaders(resolvedLayers);
  return resolvedLayers;
}

function checkReaders(layers: readonly ResolvedLayer[]): void {
  const read = new Set(layers.flatMap(({ inputs }) => inputs));
  const idle = layers.slice(0, -1).find(({ name }) => !read.has(name));
  if (!idle) return;
  throw new UserError(
    `layer '${idle.name}' (${idle.layer.kind}): no other layer reads it, and it is not the last`,
  );
}

function resolveLayer(
  typeOf: LayerTypes,
  { name, layer, inputs }: Required<NamedLayer>,
  shapes: ReadonlyMap<string, Shape>,
): ResolvedLayer {
  const unknown = inputs.find((each) => !shapes.has(each));
  if (unknown !== undefined) {
    throw new UserError(`layer '${name}': there is no layer '${unknown}' before it`);
  }
  const given = inputs.map((each) => shapes.get(each)!);
  try {
    const type = typeOf(layer);
    checkCount(type.inputs, inputs.length);
    return {
      name,
      layer,
      type,
      inputs,
      outputShape: type.outputShape(layer, given),
      parameters: type.parameters?.(layer, given) ?? {},
      buffers: type.buffers?.(layer, given) ?? {},
    };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const from = inputs.map((each, i) => `${formatShape(given[i])} from '${each}'`).join(', ');
    throw new UserError(`layer '${name}' (${layer.kind}, input ${from}): ${error.message}`);
  }
}

function checkCount(wanted: LayerType<Layer>['inputs'], count: number): void {
  const fits = {
    1: count === 1,
    2: count === 2,
    '1 or 2': count === 1 || count === 2,
    several: count >= 2,
  };
  if (!fits[wanted]) throw new UserError(`it takes ${wanted} inputs, not ${count}`);
}
