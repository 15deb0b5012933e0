import type { PlainLayer, PlainSite } from '../../lowering/plain.js';
import { sizeOf } from '../../math/index.js';
import type { Conv2dLayer } from './layer.js';

/**
 * y[o, i, j] = b[o] + Σ w[o, c, k, l] x[c, i·stride + k − padding, j·stride + l − padding] over channels c and
 * the places k, l of a kernel, for every sample; x is 0 outside of the image.
 */
export const conv2dPlain: PlainLayer<Conv2dLayer> = {
  forward(layer, site) {
    const { weight, bias } = site.parameters;
    const x = site.inputs[0].value;
    const y = new Float64Array(site.samples * sizeOf(site.output.shape));
    if (bias) eachPlane(site, (from, to, o) => void y.fill(bias[o], from, to));
    const { stride } = layer;
    eachRun(layer, site, (w, output, input, count) => {
      for (let i = 0; i < count; i++) y[output + i] += weight[w] * x[input + i * stride];
    });
    return y;
  },

  inputGradients(layer, site, g) {
    const { weight } = site.parameters;
    const dx = new Float64Array(site.inputs[0].value.length);
    const { stride } = layer;
    eachRun(layer, site, (w, output, input, count) => {
      for (let i = 0; i < count; i++) dx[input + i * stride] += weight[w] * g[output + i];
    });
    return [dx];
  },

  parameterGradients(layer, site, g) {
    const x = site.inputs[0].value;
    const weight = new Float64Array(site.parameters.weight.length);
    const { stride } = layer;
    eachRun(layer, site, (w, output, input, count) => {
      for (let i = 0; i < count; i++) weight[w] += g[output + i] * x[input + i * stride];
    });
    if (!site.parameters.bias) return { weight };
    const bias = new Float64Array(layer.channels);
    eachPlane(site, (from, to, o) => {
      for (let i = from; i < to; i++) bias[o] += g[i];
    });
    return { weight, bias };
  },
};

/**
 * Visits all products of the convolution: weight `w` meets the `count` output pixels of a row from `output` on,
 * with the input pixels from `input` on, one stride from one another.
 */
function eachRun(
  layer: Conv2dLayer,
  { samples, inputs: [{ shape: image }], output }: PlainSite,
  visit: (w: number, output: number, input: number, count: number) => void,
): void {
  const { size, stride, padding } = layer;
  const [inputChannels, height, width] = image;
  const [channels, rows, columns] = output.shape;
  const down = Array.from({ length: size }, (_, k) => reachOf(layer, k, height, rows));
  for (let l = 0; l < size; l++) {
    const across = reachOf(layer, l, width, columns);
    const count = across.end - across.first;
    if (count <= 0) continue;
    const column = across.first * stride + l - padding;
    for (let s = 0; s < samples; s++) {
      for (let o = 0; o < channels; o++) {
        for (let c = 0; c < inputChannels; c++) {
          for (let k = 0; k < size; k++) {
            const w = ((o * inputChannels + c) * size + k) * size + l;
            for (let i = down[k].first; i < down[k].end; i++) {
              const row = i * stride + k - padding;
              const from = ((s * channels + o) * rows + i) * columns + across.first;
              const input = ((s * inputChannels + c) * height + row) * width + column;
              visit(w, from, input, count);
            }
          }
        }
      }
    }
  }
}

/** Along one axis, the outputs i of `outputs` that a tap meets within the image: 0 ≤ i·stride + tap − padding < inputs. */
function reachOf(
  { stride, padding }: Conv2dLayer,
  tap: number,
  inputs: number,
  outputs: number,
): { readonly first: number; readonly end: number } {
  const first = Math.max(0, Math.ceil((padding - tap) / stride));
  const end = Math.min(outputs, Math.floor((inputs - 1 + padding - tap) / stride) + 1);
  return { first, end };
}

/** Visits the planes of the output: their first number, the one after their last, and their channel. */
function eachPlane(
  { samples, output }: PlainSite,
  visit: (from: number, to: number, channel: number) => void,
): void {
  const [channels, rows, columns] = output.shape;
  const size = rows * columns;
  for (let plane = 0; plane < samples * channels; plane++) {
    visit(plane * size, (plane + 1) * size, plane % channels);
  }
}
