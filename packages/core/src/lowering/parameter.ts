import type { PlannedBuffer } from '../engine/index.js';
import { words } from '../engine/index.js';
import type { Parameter } from '../graph/parameter.js';
import { type BreakEven, planSupport, type SupportPlan } from './support.js';

/** A parameter in memory. */
export interface PlacedParameter extends Parameter {
  /** Dense float32 in PyTorch's layout. */
  readonly value: PlannedBuffer;
  readonly gradient: PlannedBuffer;
  /** The index of its non-zeros; weights have one. */
  readonly support?: SupportPlan;
}

/** Plans the memory of a parameter. */
export function planParameter(parameter: Parameter, breakEven: BreakEven): PlacedParameter {
  const { name, role, rows, columns } = parameter;
  return {
    ...parameter,
    value: words(name, rows * columns),
    gradient: words(`${name} gradient`, rows * columns),
    ...(role === 'weight' && { support: planSupport(name, rows, columns, breakEven) }),
  };
}
