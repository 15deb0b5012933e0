import type { PlainLayer, PlainSite } from '../../lowering/plain.js';
import { sizeOf } from '../../math/index.js';
import type { PoolLayer } from './layer.js';

/**
 * Of every window of every plane: the largest x, of equal ones the first, which gets the gradient; or
 * Σ x / size², with 0 around the image, whose every x gets the gradient / size².
 */
export const poolPlain: PlainLayer<PoolLayer> = {
  forward(layer, site) {
    const x = site.inputs[0].value;
    const y = new Float64Array(site.samples * sizeOf(site.output.shape));
    eachWindow(layer, site, (output, places, area) => {
      y[output] =
        layer.kind === 'max-pool2d'
          ? x[largest(places, x)]
          : places.reduce((sum, place) => sum + x[place], 0) / area;
    });
    return y;
  },

  inputGradients(layer, site, g) {
    const x = site.inputs[0].value;
    const dx = new Float64Array(x.length);
    eachWindow(layer, site, (output, places, area) => {
      if (layer.kind === 'max-pool2d') dx[largest(places, x)] += g[output];
      else for (const place of places) dx[place] += g[output] / area;
    });
    return [dx];
  },
};

function largest(places: readonly number[], x: ArrayLike<number>): number {
  return places.reduce((first, place) => (x[place] > x[first] ? place : first));
}

/** Visits the windows: where the output lies, the places of the input inside the image, and size². */
function eachWindow(
  layer: PoolLayer,
  { samples, inputs: [{ shape: image }], output }: PlainSite,
  visit: (output: number, places: number[], area: number) => void,
): void {
  const [channels, height, width] = image;
  const size = layer.size === 'global' ? height : layer.size;
  const { stride = size, padding } = layer;
  const [, rows, columns] = output.shape;
  for (let plane = 0; plane < samples * channels; plane++) {
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) {
        const places = [];
        for (let tap = 0; tap < size * size; tap++) {
          const row = i * stride + Math.floor(tap / size) - padding;
          const column = j * stride + (tap % size) - padding;
          const isInside = row >= 0 && row < height && column >= 0 && column < width;
          if (isInside) places.push((plane * height + row) * width + column);
        }
        visit((plane * rows + i) * columns + j, places, size * size);
      }
    }
  }
}
