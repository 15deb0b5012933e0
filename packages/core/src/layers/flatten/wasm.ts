import { callPerBlock } from '../../engine/index.js';
import { layoutOf } from '../../lowering/planes.js';
import type { WasmLayer } from '../../lowering/wasm.js';
import type { FlattenLayer } from './layer.js';

/** The kernel calls of a flattening. */
export const flattenWasm: WasmLayer<FlattenLayer> = {
  place(_, { inputs: [input], accumulates, output }) {
    if (input.value === output.value) return { forward: () => [], backward: () => [] };
    const tight = layoutOf(input.shape).record;
    const all = { firstFrom: 0, firstTo: 0, channels: input.layout.channels };
    return {
      forward: () => [
        callPerBlock('copyPlanes', {
          ...all,
          from: input.layout.record,
          to: tight,
          source: input.value,
          target: output.value,
          accumulate: 0,
        }),
      ],
      backward: () =>
        input.gradient
          ? [
              callPerBlock('copyPlanes', {
                ...all,
                from: tight,
                to: input.layout.record,
                source: output.gradient,
                target: input.gradient,
                accumulate: Number(accumulates[0]),
              }),
            ]
          : [],
    };
  },
};
