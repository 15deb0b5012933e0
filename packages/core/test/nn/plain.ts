/** What the layers' specifications say, in the form in which tests ask for it. */
import assert from 'node:assert/strict';
import type { Layer } from '#lib/graph/index.js';
import { conv2d as describeConv2d, linear as describeLinear, kindOf } from '#lib/layers/index.js';
import { plainOf } from '#lib/layers/plain.js';
import type { Numbers, PlainSite, PlainTensor } from '#lib/lowering/plain.js';
import { type Layout, layoutOf } from '#lib/lowering/planes.js';

export { crossEntropy, squaredError } from '#lib/backend/plain/loss.js';
export { oneBlock } from '#lib/backend/plain/scope.js';

/** A layer on a batch, by its specification. */
export function specify(
  layer: Layer,
  samples: number,
  inputs: readonly PlainTensor[],
  { parameters = {}, buffers = {} }: Partial<Pick<PlainSite, 'parameters' | 'buffers'>> = {},
) {
  const { type } = kindOf(layer);
  const plain = plainOf(type);
  const shapes = inputs.map(({ shape }) => shape);
  const shape = type.outputShape(layer, shapes);
  const site = { samples, inputs, output: { shape, value: [] }, parameters, buffers };
  const forward = (mode: 'training' | 'evaluation' = 'training') =>
    Float64Array.from(plain.forward(layer, site, mode));
  const gradients = (g: Numbers) => {
    const done = { ...site, output: { shape, value: forward() } };
    return {
      inputs: plain.inputGradients(layer, done, g).map((each) => Float64Array.from(each)),
      parameters: plain.parameterGradients?.(layer, done, g) ?? {},
    };
  };
  return { forward, gradients };
}

/** Of a linear layer and its batch. */
export interface Sizes {
  readonly rows: number;
  readonly columns: number;
  readonly samples: number;
}

/** A linear layer, its weight and bias, and its input. */
function linearOf(
  { rows, columns, samples }: Sizes,
  { w, b, x }: Partial<Record<'w' | 'b' | 'x', Numbers>>,
) {
  const parameters = {
    weight: w ?? new Float64Array(rows * columns),
    bias: b ?? new Float64Array(rows),
  };
  const value = x ?? new Float64Array(samples * columns);
  return specify(describeLinear(rows), samples, [{ shape: [columns], value }], { parameters });
}

/** Y = X Wᵀ + b. */
export function linear(w: Numbers, b: Numbers, x: Numbers, sizes: Sizes): Float64Array {
  return linearOf(sizes, { w, b, x }).forward();
}

/** ∂L/∂X from g = ∂L/∂Y. */
export function inputGradient(w: Numbers, g: Numbers, sizes: Sizes): Float64Array {
  return linearOf(sizes, { w }).gradients(g).inputs[0];
}

/** ∂L/∂W. */
export function weightGradient(x: Numbers, g: Numbers, sizes: Sizes): Float64Array {
  return Float64Array.from(linearOf(sizes, { x }).gradients(g).parameters.weight);
}

/** ∂L/∂b. */
export function biasGradient(g: Numbers, sizes: Sizes): Numbers {
  return linearOf(sizes, {}).gradients(g).parameters.bias;
}

/** Which weights get an exact gradient where others are sampled: non-zero ones, or all of their rows. */
export function isExact(w: Numbers, rows: number, by: 'rows' | 'entries') {
  const columns = w.length / rows;
  const isActive = Array.from({ length: rows }, (_, row) =>
    Array.from({ length: columns }, (_, i) => w[row * columns + i]).some((x) => x !== 0),
  );
  return (i: number) => (by === 'rows' ? isActive[Math.floor(i / columns)] : w[i] !== 0);
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

/** A convolution, its weight and bias, and its input. */
function convolutionOf(sizes: Convolution, w: Numbers, b: Numbers, x: Numbers) {
  const { image, channels, size, samples } = sizes;
  return specify(describeConv2d(channels, size, sizes), samples, [{ shape: image, value: x }], {
    parameters: { weight: w, bias: b },
  });
}

/** Output of a convolution. */
export function conv2d(w: Numbers, b: Numbers, x: Numbers, sizes: Convolution): Float64Array {
  return convolutionOf(sizes, w, b, x).forward();
}

/** Gradients of a convolution from g = ∂L/∂Y. */
export function conv2dGradients(w: Numbers, x: Numbers, g: Numbers, sizes: Convolution) {
  const noBias = new Float64Array(sizes.channels);
  const { inputs, parameters } = convolutionOf(sizes, w, noBias, x).gradients(g);
  return { input: inputs[0], weight: Float64Array.from(parameters.weight), bias: parameters.bias };
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
      const y = Math.floor(i / width) % height;
      const x = i % width;
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
