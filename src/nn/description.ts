import type { Shape } from '../math/index.js';
import { operationOf } from './layers/index.js';
import type { Layer, ParameterShape } from './operation.js';

/** A layer with its name. */
export interface NamedLayer {
  readonly name: string;
  readonly layer: Layer;
}

/** A network as plain data: fit for JSON, enough to build the network again. */
export interface NetworkDescription {
  /** Shape of one sample. */
  readonly input: Shape;
  readonly layers: readonly NamedLayer[];
}

/** A layer that knows what flows in and out. */
export interface ResolvedLayer extends NamedLayer {
  readonly inputShape: Shape;
  readonly outputShape: Shape;
  readonly parameters: Readonly<Record<string, ParameterShape>>;
}

/**
 * Describes a network of layers that feed one another. A layer without a name gets its position,
 * as in PyTorch's Sequential.
 *
 *     network([784], [['fc1', linear(200)], relu(), ['fc2', linear(10)]])
 */
export function network(
  input: Shape,
  layers: readonly (Layer | readonly [name: string, layer: Layer])[],
): NetworkDescription {
  return {
    input,
    layers: layers.map((item, position) => {
      const [name, layer] = isNamed(item) ? item : [String(position), item];
      return { name, layer };
    }),
  };
}

function isNamed(item: Layer | readonly [string, Layer]): item is readonly [string, Layer] {
  return Array.isArray(item);
}

/**
 * Infers all shapes.
 *
 * @throws Error that names the layer which cannot take its input, or whose name is used twice
 */
export function resolve({ input, layers }: NetworkDescription): ResolvedLayer[] {
  if (layers.length === 0) throw new Error('a network needs a layer');
  const names = new Set<string>();
  let shape = input;
  return layers.map(({ name, layer }) => {
    if (names.has(name)) throw new Error(`two layers are named '${name}'`);
    names.add(name);
    const inputShape = shape;
    try {
      const operation = operationOf(layer);
      shape = operation.outputShape(layer, inputShape);
      const parameters = operation.parameters(layer, inputShape);
      return { name, layer, inputShape, outputShape: shape, parameters };
    } catch (error) {
      const from = `input ${formatShape(inputShape)}`;
      throw new Error(`layer '${name}' (${layer.kind}, ${from}): ${(error as Error).message}`);
    }
  });
}

/** A shape as people write it: 3 × 32 × 32. */
export function formatShape(shape: Shape): string {
  return shape.join(' × ');
}
