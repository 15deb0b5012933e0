import { type PlannedBuffer, record, words } from '../../engine/index.js';
import type { PlacedParameter } from '../../lowering/parameter.js';

/** Plans the index by input channel that a convolution's gradient to the input runs on. */
export function planTransposed(
  { name, shape, support }: PlacedParameter,
  taps: number,
): PlannedBuffer {
  const [outputs, inputs] = shape;
  const capacity = support!.capacity;
  return record(`${name} transposed`, [
    ...[inputs, outputs * taps, capacity, inputs],
    ...[0, 0, 0, 0],
    record(
      `${name} inputs`,
      Array.from({ length: inputs }, (_, i) => i),
    ),
    0,
    words(`${name} transposed starts`, inputs + 1),
    words(`${name} transposed entries`, capacity),
    words(`${name} transposed values`, capacity),
  ]);
}
