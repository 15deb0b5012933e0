import { callPerBlock } from '../../engine/index.js';
import type { WasmLayer } from '../../lowering/wasm.js';
import type { PoolLayer } from './layer.js';

/** The kernel calls of a pooling. */
export const poolWasm: WasmLayer<PoolLayer> = {
  place(layer, { inputs: [input], accumulates, output }) {
    const { kind, padding } = layer;
    const size = layer.size === 'global' ? input.shape[1] : layer.size;
    const settings = {
      inputLayout: input.layout.record,
      outputLayout: output.layout.record,
      size,
      stride: layer.stride ?? size,
      padding,
      average: Number(kind === 'average-pool2d'),
      input: input.value,
      output: output.value,
    };
    return {
      forward: () => [callPerBlock('poolForward', settings)],
      backward: () =>
        input.gradient
          ? [
              callPerBlock('poolBackward', {
                ...settings,
                outputGradient: output.gradient,
                inputGradient: input.gradient,
                accumulate: Number(accumulates[0]),
              }),
            ]
          : [],
    };
  },
};
