import type { PlainLayer, PlainSite } from '../../lowering/plain.js';
import type { AddLayer } from './layer.js';

/** y = left + s · right, with s = 1 where the sum is not scaled. */
export const addPlain: PlainLayer<AddLayer> = {
  forward(_, site) {
    const [left, right] = site.inputs;
    const s = scaleOf(site);
    return Float64Array.from(left.value, (x, i) => x + s * right.value[i]);
  },

  inputGradients(_, site, g) {
    const s = scaleOf(site);
    return [Float64Array.from(g), Float64Array.from(g, (g) => s * g)];
  },

  /** ∂L/∂s = Σ g · right. */
  parameterGradients({ scaled }, { inputs: [, right] }, g) {
    if (!scaled) return {};
    let sum = 0;
    for (let i = 0; i < g.length; i++) sum += g[i] * right.value[i];
    return { weight: [sum] };
  },
};

function scaleOf({ parameters: { weight } }: PlainSite): number {
  return weight ? weight[0] : 1;
}
