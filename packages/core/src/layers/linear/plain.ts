import type { Numbers, PlainLayer, PlainSite } from '../../lowering/plain.js';
import type { LinearLayer } from './layer.js';

/** Y = X Wᵀ + b, with X (samples, columns), W (rows, columns), b (rows), Y (samples, rows). */
export const linearPlain: PlainLayer<LinearLayer> = {
  forward({ outputs: rows }, site) {
    const { samples, columns, x } = sizesOf(site);
    const { weight, bias } = site.parameters;
    const y = new Float64Array(samples * rows);
    for (let s = 0; s < samples; s++) {
      for (let r = 0; r < rows; r++) {
        let sum = bias ? bias[r] : 0;
        for (let c = 0; c < columns; c++) sum += weight[r * columns + c] * x[s * columns + c];
        y[s * rows + r] = sum;
      }
    }
    return y;
  },

  /** ∂L/∂X = G W. */
  inputGradients({ outputs: rows }, site, g) {
    const { samples, columns } = sizesOf(site);
    const { weight } = site.parameters;
    const dx = new Float64Array(samples * columns);
    for (let s = 0; s < samples; s++) {
      for (let r = 0; r < rows; r++) {
        const outer = g[s * rows + r];
        for (let c = 0; c < columns; c++) dx[s * columns + c] += outer * weight[r * columns + c];
      }
    }
    return [dx];
  },

  /** ∂L/∂W = Gᵀ X, ∂L/∂b = Σ G over the samples. */
  parameterGradients({ outputs: rows }, site, g) {
    const { samples, columns, x } = sizesOf(site);
    const weight = new Float64Array(rows * columns);
    const bias = new Float64Array(rows);
    for (let s = 0; s < samples; s++) {
      for (let r = 0; r < rows; r++) {
        const outer = g[s * rows + r];
        bias[r] += outer;
        for (let c = 0; c < columns; c++) weight[r * columns + c] += outer * x[s * columns + c];
      }
    }
    return site.parameters.bias ? { weight, bias } : { weight };
  },
};

function sizesOf({ samples, inputs: [{ value: x }] }: PlainSite): {
  samples: number;
  columns: number;
  x: Numbers;
} {
  return { samples, columns: x.length / samples, x };
}
