import { callPerBlock } from '../../engine/index.js';
import type { WasmLayer } from '../../lowering/wasm.js';
import type { ActivationLayer } from './layer.js';

/** Numbers of the kinds in kernels/activations.ts. */
const activationKinds = { relu: 0, 'leaky-relu': 1, sigmoid: 2, tanh: 3 };

export const activationWasm: WasmLayer<ActivationLayer> = {
  place({ kind, slope = 0 }, { inputs: [input], accumulates, output }) {
    const settings = { layout: output.layout.record, kind: activationKinds[kind], slope };
    return {
      forward: () => [
        callPerBlock('activationForward', {
          ...settings,
          input: input.value,
          output: output.value,
        }),
      ],
      backward: () =>
        input.gradient
          ? [
              callPerBlock('activationBackward', {
                ...settings,
                output: output.value,
                outputGradient: output.gradient,
                inputGradient: input.gradient,
                accumulate: Number(accumulates[0]),
              }),
            ]
          : [],
    };
  },
};
