import type { PlainLayer } from '../../lowering/plain.js';
import { sizeOf } from '../../math/index.js';
import type { ConcatenateLayer } from './layer.js';

/** The features of a sample's inputs, one input's after the other's. */
export const concatenatePlain: PlainLayer<ConcatenateLayer> = {
  forward(_, { samples, inputs, output }) {
    const y = new Float64Array(samples * sizeOf(output.shape));
    let at = 0;
    for (let s = 0; s < samples; s++) {
      for (const { shape, value } of inputs) {
        const size = sizeOf(shape);
        for (let i = 0; i < size; i++) y[at++] = value[s * size + i];
      }
    }
    return y;
  },

  inputGradients(_, { samples, inputs }, g) {
    const gradients = inputs.map(({ value }) => new Float64Array(value.length));
    let at = 0;
    for (let s = 0; s < samples; s++) {
      for (const gradient of gradients) {
        const size = gradient.length / samples;
        for (let i = 0; i < size; i++) gradient[s * size + i] = g[at++];
      }
    }
    return gradients;
  },
};
