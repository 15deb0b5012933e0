/**
 * What the kernels compute, as plain loops in float64. Matrices are row-major, batches hold sample
 * after sample.
 */
import assert from 'node:assert/strict';
import { type Layout, layoutOf } from '#lib/lowering/planes.js';

type Numbers = ArrayLike<number>;

/** Of a linear layer and its batch. */
export interface Sizes {
  readonly rows: number;
  readonly columns: number;
  readonly samples: number;
}

/** A matrix of numbers that depend on their place. */
function matrix(rows: number, columns: number, at: (row: number, column: number) => number) {
  return Float64Array.from({ length: rows * columns }, (_, i) =>
    at(Math.floor(i / columns), i % columns),
  );
}

function sum(count: number, at: (i: number) => number): number {
  let total = 0;
  for (let i = 0; i < count; i++) total += at(i);
  return total;
}

/** Y = X Wᵀ + b. */
export function linear(w: Numbers, b: Numbers, x: Numbers, { rows, columns, samples }: Sizes) {
  return matrix(samples, rows, (s, r) => {
    return b[r] + sum(columns, (c) => w[r * columns + c] * x[s * columns + c]);
  });
}

/** ∂L/∂X from g = ∂L/∂Y. */
export function inputGradient(w: Numbers, g: Numbers, { rows, columns, samples }: Sizes) {
  return matrix(samples, columns, (s, c) => sum(rows, (r) => w[r * columns + c] * g[s * rows + r]));
}

/** ∂L/∂W. */
export function weightGradient(x: Numbers, g: Numbers, { rows, columns, samples }: Sizes) {
  return matrix(rows, columns, (r, c) => sum(samples, (s) => g[s * rows + r] * x[s * columns + c]));
}

/** ∂L/∂b. */
export function biasGradient(g: Numbers, { rows, samples }: Pick<Sizes, 'rows' | 'samples'>) {
  return matrix(1, rows, (_, r) => sum(samples, (s) => g[s * rows + r]));
}

/** The samples of one block of sixteen alone, each for as many as there are blocks; the others 0. */
export function oneBlock(values: Numbers, samples: number, block: number): Float64Array {
  const features = values.length / samples;
  const blocks = Math.ceil(samples / 16);
  return Float64Array.from(values, (value, i) =>
    Math.floor(i / features / 16) === block ? value * blocks : 0,
  );
}

/** Which weights get an exact gradient where others are sampled: non-zero ones, or all of their rows. */
export function isExact(w: Numbers, rows: number, by: 'rows' | 'entries') {
  const columns = w.length / rows;
  const isActive = Array.from({ length: rows }, (_, row) =>
    Array.from({ length: columns }, (_, i) => w[row * columns + i]).some((x) => x !== 0),
  );
  return (i: number) => (by === 'rows' ? isActive[Math.floor(i / columns)] : w[i] !== 0);
}

/** Every activation with its derivative, both as functions of the input. */
export const activations = {
  relu: [(x: number) => Math.max(x, 0), (x: number) => (x > 0 ? 1 : 0)],
  'leaky-relu': [(x: number) => (x > 0 ? x : 0.1 * x), (x: number) => (x > 0 ? 1 : 0.1)],
  sigmoid: [
    (x: number) => 1 / (1 + Math.exp(-x)),
    (x: number) => 1 / (2 + Math.exp(x) + Math.exp(-x)),
  ],
  tanh: [Math.tanh, (x: number) => 1 / Math.cosh(x) ** 2],
} as const;

/** Losses of every sample, hits, and the gradient of the mean loss. */
export function crossEntropy(logits: Numbers, labels: Numbers, samples: number) {
  const classes = logits.length / samples;
  const losses = [];
  const hits = [];
  const gradient = new Float64Array(logits.length);
  for (let s = 0; s < samples; s++) {
    const own = Array.from({ length: classes }, (_, c) => logits[s * classes + c]);
    const largest = Math.max(...own);
    const total = sum(classes, (c) => Math.exp(own[c] - largest));
    losses.push(Math.log(total) + largest - own[labels[s]]);
    hits.push(own.indexOf(largest) === labels[s] ? 1 : 0);
    own.forEach((logit, c) => {
      const probability = Math.exp(logit - largest) / total;
      gradient[s * classes + c] = (probability - (c === labels[s] ? 1 : 0)) / samples;
    });
  }
  return { losses, hits, gradient };
}

/** Mean squared errors of every sample, and the gradient of their mean. */
export function squaredError(output: Numbers, target: Numbers, samples: number) {
  const features = output.length / samples;
  const error = (s: number, f: number) => output[s * features + f] - target[s * features + f];
  return {
    losses: Array.from(
      { length: samples },
      (_, s) => sum(features, (f) => error(s, f) ** 2) / features,
    ),
    gradient: matrix(samples, features, (s, f) => (2 * error(s, f)) / features / samples),
  };
}

/** A convolution and its batch; the image is (inputs, height, width). */
export interface Convolution {
  readonly image: readonly [inputs: number, height: number, width: number];
  readonly channels: number;
  readonly size: number;
  readonly stride: number;
  readonly padding: number;
  readonly samples: number;
}

/** Positions of windows along an extent. */
export function windows(extent: number, { size, stride, padding }: Window): number {
  return Math.floor((extent + 2 * padding - size) / stride) + 1;
}

interface Window {
  readonly size: number;
  readonly stride: number;
  readonly padding: number;
}

/** Where a convolution multiplies: y[output] += w[weight] · x[input]. */
function eachProduct(
  convolution: Convolution,
  visit: (output: number, weight: number, input: number) => void,
): void {
  const { image, channels, size, stride, padding, samples } = convolution;
  const [inputs, height, width] = image;
  const [rows, columns] = [windows(height, convolution), windows(width, convolution)];
  let output = 0;
  for (let s = 0; s < samples; s++) {
    for (let o = 0; o < channels; o++) {
      for (let y = 0; y < rows; y++) {
        for (let x = 0; x < columns; x++, output++) {
          for (let c = 0; c < inputs; c++) {
            for (let ky = 0; ky < size; ky++) {
              for (let kx = 0; kx < size; kx++) {
                const [row, column] = [y * stride + ky - padding, x * stride + kx - padding];
                if (row < 0 || row >= height || column < 0 || column >= width) continue;
                const weight = ((o * inputs + c) * size + ky) * size + kx;
                visit(output, weight, ((s * inputs + c) * height + row) * width + column);
              }
            }
          }
        }
      }
    }
  }
}

/** Output of a convolution, and its size. */
export function conv2d(w: Numbers, b: Numbers, x: Numbers, convolution: Convolution) {
  const { image, channels, samples } = convolution;
  const plane = windows(image[1], convolution) * windows(image[2], convolution);
  const y = Float64Array.from(
    { length: samples * channels * plane },
    (_, i) => b[Math.floor(i / plane) % channels],
  );
  eachProduct(convolution, (output, weight, input) => {
    y[output] += w[weight] * x[input];
  });
  return y;
}

/** Gradients of a convolution from g = ∂L/∂Y. */
export function conv2dGradients(w: Numbers, x: Numbers, g: Numbers, convolution: Convolution) {
  const { channels, samples } = convolution;
  const plane = g.length / samples / channels;
  const gradients = {
    weight: new Float64Array(w.length),
    bias: new Float64Array(channels),
    input: new Float64Array(x.length),
  };
  eachProduct(convolution, (output, weight, input) => {
    gradients.weight[weight] += g[output] * x[input];
    gradients.input[input] += g[output] * w[weight];
  });
  for (let i = 0; i < g.length; i++) gradients.bias[Math.floor(i / plane) % channels] += g[i];
  return gradients;
}

/** Images in a batch: channels and lines of a plane. */
export interface Planes {
  readonly samples: number;
  readonly channels: number;
  readonly plane: number;
}

/** Mean of f over the values of a channel. */
function channelMean({ samples, channels, plane }: Planes, c: number, f: (i: number) => number) {
  const total = sum(samples, (s) => sum(plane, (p) => f((s * channels + c) * plane + p)));
  return total / (samples * plane);
}

/** Mean and variance of every channel, the variance biased. */
export function moments(x: Numbers, planes: Planes) {
  const channels = [...Array(planes.channels).keys()];
  const mean = channels.map((c) => channelMean(planes, c, (i) => x[i]));
  const variance = channels.map((c) => channelMean(planes, c, (i) => (x[i] - mean[c]) ** 2));
  return { mean, variance };
}

/** (x − mean) / √(variance + ε) by channel. */
export function standardized(
  x: Numbers,
  { mean, variance }: { mean: Numbers; variance: Numbers },
  { channels, plane }: Planes,
  epsilon: number,
) {
  return Float64Array.from(x, (value, i) => {
    const c = Math.floor(i / plane) % channels;
    return (value - mean[c]) / Math.sqrt(variance[c] + epsilon);
  });
}

/** Gradients of γ x̂ + β from ∂L/∂ of it, through the statistics of the batch. */
export function batchNormGradients(
  x: Numbers,
  gamma: Numbers,
  g: Numbers,
  planes: Planes,
  epsilon: number,
) {
  const { samples, channels, plane } = planes;
  const { mean, variance } = moments(x, planes);
  const xHat = standardized(x, { mean, variance }, planes, epsilon);
  const all = [...Array(channels).keys()];
  const meanG = all.map((c) => channelMean(planes, c, (i) => g[i]));
  const meanGX = all.map((c) => channelMean(planes, c, (i) => g[i] * xHat[i]));
  return {
    weight: meanGX.map((each) => each * samples * plane),
    bias: meanG.map((each) => each * samples * plane),
    input: Float64Array.from(x, (_, i) => {
      const c = Math.floor(i / plane) % channels;
      const factor = gamma[c] / Math.sqrt(variance[c] + epsilon);
      return factor * (g[i] - meanG[c] - xHat[i] * meanGX[c]);
    }),
  };
}

/** Pooling of images, and the gradient of its input; of equal maxima the first counts. */
export function pool(
  kind: 'max' | 'average',
  x: Numbers,
  g: Numbers,
  [height, width]: readonly [number, number],
  window: Window,
) {
  const { size, stride, padding } = window;
  const [rows, columns] = [windows(height, window), windows(width, window)];
  const output = [];
  const gradient = new Float64Array(x.length);
  for (let at = 0; at < x.length; at += height * width) {
    for (let y = 0; y < rows; y++) {
      for (let left = 0; left < columns; left++) {
        const places = [];
        for (let i = 0; i < size * size; i++) {
          const row = y * stride - padding + Math.floor(i / size);
          const column = left * stride - padding + (i % size);
          const isInside = row >= 0 && row < height && column >= 0 && column < width;
          if (isInside) places.push(at + row * width + column);
        }
        const outer = g[output.length];
        if (kind === 'max') {
          const best = places.reduce((first, place) => (x[place] > x[first] ? place : first));
          gradient[best] += outer;
          output.push(x[best]);
        } else {
          for (const place of places) gradient[place] += outer / size ** 2;
          output.push(places.reduce((total, place) => total + x[place], 0) / size ** 2);
        }
      }
    }
  }
  return { output, gradient };
}

/**
 * Samples in the engine's layout, [block][channel][row][column][16], with `padding` in the lanes
 * past the end; a layout with a halo has zeros there.
 */
export function blocked(
  values: Numbers,
  samples: number,
  padding = 0,
  layout: Layout = layoutOf([values.length / samples]),
): Float32Array {
  const { channels, height, width, start, row, plane, block } = layout;
  const result = new Float32Array(Math.ceil(samples / 16) * block * 16);
  const features = channels * height * width;
  for (let lane = 0; lane < Math.ceil(samples / 16) * 16; lane++) {
    const first = Math.floor(lane / 16) * block + start;
    for (let i = 0; i < features; i++) {
      const [y, x] = [Math.floor(i / width) % height, i % width];
      const line = first + Math.floor(i / width / height) * plane + y * row + x;
      result[line * 16 + (lane % 16)] = lane < samples ? values[lane * features + i] : padding;
    }
  }
  return result;
}

/** Equal to `tolerance`, relative to the largest entry, or to 1 where that is smaller. */
export function assertClose(actual: Numbers, expected: Numbers, tolerance = 1e-5): void {
  assert.equal(actual.length, expected.length);
  const largest = Array.from(expected).reduce((max, x) => Math.max(max, Math.abs(x)), 1);
  for (let i = 0; i < expected.length; i++) {
    const close = Math.abs(actual[i] - expected[i]) <= tolerance * largest;
    assert.ok(close, `entry ${i}: ${actual[i]}, expected ${expected[i]}`);
  }
}
