/**
 * What the kernels compute, as plain loops in float64. Matrices are row-major, batches hold sample
 * after sample.
 */
import assert from 'node:assert/strict';

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

/** Samples in the engine's layout, [block][feature][16], with `padding` in the lanes past the end. */
export function blocked(values: Numbers, samples: number, padding = 0): Float32Array {
  const features = values.length / samples;
  const blocks = Math.ceil(samples / 16);
  return Float32Array.from({ length: blocks * features * 16 }, (_, i) => {
    const feature = Math.floor(i / 16) % features;
    const sample = Math.floor(i / 16 / features) * 16 + (i % 16);
    return sample < samples ? values[sample * features + feature] : padding;
  });
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
