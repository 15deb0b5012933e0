import { list, type PlannedRecord, record, words } from '../../engine/index.js';
import type { PlacedParameter } from '../../lowering/parameter.js';

/** Plans the index by input channel that a convolution's gradient to the input runs on. */
export function planTransposed(
  { name, shape, support }: PlacedParameter,
  taps: number,
): PlannedRecord<'Support'> {
  const [outputs, inputs] = shape;
  const { capacity } = support!.header.fields;
  const all = Array.from({ length: inputs }, (_, i) => i);
  return record(
    'Support',
    {
      rows: inputs,
      columns: outputs * taps,
      capacity,
      activeRows: inputs,
      nonZeros: 0,
      forwardByEntry: 0,
      inputGradientByEntry: 0,
      weightGradientByEntry: 0,
      order: list(`${name} inputs`, all),
      counts: undefined,
      starts: words(`${name} transposed starts`, inputs + 1),
      entries: words(`${name} transposed entries`, capacity),
      values: words(`${name} transposed values`, capacity),
      marks: undefined,
    },
    `${name} transposed`,
  );
}
