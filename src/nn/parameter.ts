import type { PlannedBuffer } from '../engine/index.js';
import { words } from '../engine/index.js';
import { type Shape, sizeOf } from '../math/index.js';
import type { ParameterShape } from './operation.js';
import { type BreakEven, planSupport, type SupportPlan } from './support.js';

/** A trainable tensor of a compiled network. */
export interface Parameter extends ParameterShape {
  /** `LAYER.weight` or `LAYER.bias`. */
  readonly name: string;
  readonly layer: string;
  /** First axis of the shape. */
  readonly rows: number;
  /** Product of the other axes. */
  readonly columns: number;
  /** Dense float32 in PyTorch's layout. */
  readonly value: PlannedBuffer;
  readonly gradient: PlannedBuffer;
  /** The index of its non-zeros; weights have one. */
  readonly support?: SupportPlan;
}

/** Plans the memory of a parameter. */
export function planParameter(
  layer: string,
  shortName: string,
  { shape, role, fanIn }: ParameterShape,
  breakEven: BreakEven,
): Parameter {
  const name = `${layer}.${shortName}`;
  const rows = shape[0];
  const columns = columnsOf(shape);
  return {
    ...{ name, layer, shape, role, fanIn, rows, columns },
    value: words(name, rows * columns),
    gradient: words(`${name} gradient`, rows * columns),
    ...(role === 'weight' && { support: planSupport(name, rows, columns, breakEven) }),
  };
}

function columnsOf(shape: Shape): number {
  return sizeOf(shape.slice(1));
}
