import type { Tensor } from '@bregman/core/files';
import type { Figure, Picture } from './chart.js';
import type { PlottedRun } from './runs.js';

/** The strongest are shown. */
const MOST_PICTURES = 100;

/**
 * The weights of a run's first layer as pictures: a row of a linear layer as an image of the shape of
 * its input, where that was a square one with one or three channels; a filter, or where it reads
 * other than one or three channels a kernel, of a convolution.
 *
 * @param name of the figure
 * @returns undefined where there are no weights, none of them left, or none that make pictures
 */
export function weightFigure({ label, weights }: PlottedRun, name: string): Figure | undefined {
  const first = [...(weights ?? [])].find(
    ([, { shape, data }]) => [2, 4].includes(shape.length) && data.length > 0,
  );
  const split = first && splitOf(first[1].shape);
  if (!split) return undefined;
  const [tensorName, tensor] = first;
  const all = picturesOf(tensor, split);
  const alive = all
    .map((picture) => ({ picture, strength: strengthOf(picture) }))
    .filter(({ strength }) => strength > 0)
    .sort((a, b) => b.strength - a.strength)
    .map(({ picture }) => picture);
  if (alive.length === 0) return undefined;
  const images = alive.slice(0, MOST_PICTURES);
  const left = `${alive.length} of ${all.length} ${split.unit} left`;
  const which =
    images.length < alive.length ? `the ${images.length} strongest of them` : 'strongest first';
  return {
    name,
    caption: `Weights of ${tensorName.replace(/\.weight$/, '')}, ${left}, ${which}: ${label}`,
    chart: { kind: 'images', rows: [{ name: '', images }] },
  };
}

/** How the values of a tensor part into pictures. */
interface Split {
  readonly unit: 'rows' | 'filters' | 'kernels';
  readonly channels: 1 | 3;
  readonly height: number;
  readonly width: number;
}

function splitOf([, inputs, ...kernel]: readonly number[]): Split | undefined {
  const [height, width] = kernel;
  if (kernel.length > 0) {
    return inputs === 1 || inputs === 3
      ? { unit: 'filters', channels: inputs, height, width }
      : { unit: 'kernels', channels: 1, height, width };
  }
  for (const channels of [1, 3] as const) {
    const side = Math.sqrt(inputs / channels);
    if (Number.isInteger(side) && side > 1) {
      return { unit: 'rows', channels, height: side, width: side };
    }
  }
  return undefined;
}

function picturesOf({ data }: Tensor, { channels, height, width }: Split): Picture[] {
  const size = channels * height * width;
  return Array.from({ length: data.length / size }, (_, i) => ({
    width,
    height,
    channels,
    isDiverging: true,
    data: interleaved(data.subarray(i * size, (i + 1) * size), channels),
  }));
}

/** (channels, height, width) as (height, width, channels). */
function interleaved(planes: Float32Array, channels: number): Float32Array {
  const plane = planes.length / channels;
  return planes.map((_, i) => planes[(i % channels) * plane + Math.floor(i / channels)]);
}

function strengthOf({ data }: Picture): number {
  return data.reduce((sum, weight) => sum + Math.abs(weight), 0);
}
