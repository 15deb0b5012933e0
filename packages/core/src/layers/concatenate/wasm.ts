import { callPerBlock } from '../../engine/index.js';
import type { Site, WasmLayer } from '../../lowering/wasm.js';
import type { ConcatenateLayer } from './layer.js';

/** The kernel calls of a concatenation. */
export const concatenateWasm: WasmLayer<ConcatenateLayer> = {
  place: (_, { inputs, accumulates, output }) => ({
    forward: () =>
      inputs.map(({ layout, value }, i) =>
        callPerBlock('copyPlanes', {
          from: layout.record,
          to: output.layout.record,
          source: value,
          target: output.value,
          firstFrom: 0,
          firstTo: firstChannel(inputs, i),
          channels: layout.channels,
          accumulate: 0,
        }),
      ),
    backward: () =>
      inputs.flatMap(({ layout, gradient }, i) =>
        gradient
          ? [
              callPerBlock('copyPlanes', {
                from: output.layout.record,
                to: layout.record,
                source: output.gradient,
                target: gradient,
                firstFrom: firstChannel(inputs, i),
                firstTo: 0,
                channels: layout.channels,
                accumulate: Number(accumulates[i]),
              }),
            ]
          : [],
      ),
  }),
};

/** Where an input's channels begin among those of the concatenation. */
function firstChannel(inputs: Site['inputs'], index: number): number {
  return inputs.slice(0, index).reduce((sum, { layout }) => sum + layout.channels, 0);
}
