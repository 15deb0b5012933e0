import { ActivationKind, callPerBlock } from '../../engine/index.js';
import type { WasmLayer } from '../../lowering/wasm.js';
import type { ActivationLayer } from './layer.js';

const kinds = {
  relu: ActivationKind.relu,
  'leaky-relu': ActivationKind.leakyRelu,
  sigmoid: ActivationKind.sigmoid,
  tanh: ActivationKind.tanh,
};

/** The kernel calls of an activation. */
export const activationWasm: WasmLayer<ActivationLayer> = {
  place({ kind, slope = 0 }, { inputs: [input], accumulates, output }) {
    const settings = { layout: output.layout.record, kind: kinds[kind], slope };
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
