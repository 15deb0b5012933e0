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
  /** Kind of that layer. */
  readonly kind: string;
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
  { name: layer, kind }: { readonly name: string; readonly kind: string },
  shortName: string,
  parameter: ParameterShape,
  breakEven: BreakEven,
): Parameter {
  const { shape, role, breakEvenFactor = 1 } = parameter;
  const name = `${layer}.${shortName}`;
  const rows = shape[0];
  const columns = columnsOf(shape);
  return {
    ...{ ...parameter, name, layer, kind, rows, columns },
    value: words(name, rows * columns),
    gradient: words(`${name} gradient`, rows * columns),
    ...(role === 'weight' && {
      support: planSupport(name, rows, columns, scaled(breakEven, breakEvenFactor)),
    }),
  };
}

function scaled({ forward, inputGradient, weightGradient }: BreakEven, by: number): BreakEven {
  return {
    forward: by * forward,
    inputGradient: by * inputGradient,
    weightGradient: by * weightGradient,
  };
}

function columnsOf(shape: Shape): number {
  return sizeOf(shape.slice(1));
}
