import { type Shape, sizeOf } from '../math/index.js';
import type { BufferShape, ParameterShape } from './layer.js';

/** A trainable tensor of a network. */
export interface Parameter extends ParameterShape {
  /** `LAYER.weight` or `LAYER.bias`. */
  readonly name: string;
  readonly layer: string;
  /** Kind of that layer. */
  readonly kind: string;
  /** First axis of the shape. */
  readonly rows: number;
  /** Product of the other axes. */
  readonly columns: number;
}

/** A tensor of a network that is not trained: running statistics. */
export interface NetworkBuffer extends BufferShape {
  /** `LAYER.running_mean` and the like. */
  readonly name: string;
}

/** Names a layer's parameter, and gives its shape as a matrix. */
export function describeParameter(
  layer: { readonly name: string; readonly kind: string },
  shortName: string,
  parameter: ParameterShape,
): Parameter {
  const [rows, ...others]: Shape = parameter.shape;
  return {
    ...parameter,
    name: `${layer.name}.${shortName}`,
    layer: layer.name,
    kind: layer.kind,
    rows,
    columns: sizeOf(others),
  };
}
