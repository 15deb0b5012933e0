/** Reproducible weights and batches, and what the fixtures keep of a tensor. */

import type { Network } from '#lib/backend/index.js';
import type { Parameter } from '#lib/graph/index.js';
import { sizeOf, stream } from '#lib/math/index.js';
import { sparseNormal } from '#lib/train/initialize.js';

/** One step of PyTorch (in float64) from the same weights on the same batch. */
export interface Fixture {
  readonly samples: number;
  /** By the share of the kernels that are not zero. */
  readonly cases: Readonly<Record<'1' | '0.1', FixtureCase>>;
}

export interface FixtureCase {
  /**
   * By the name of a batch norm's bias, a digit (base 36) for each channel: how many NUDGEs away
   * from its draw no input of the ReLU lies near zero, where rounding would decide the gradient.
   */
  readonly nudges: Readonly<Record<string, string>>;
  /** Mean over the batch, in training mode. */
  readonly loss: number;
  /** After the step's move of the running statistics, in evaluation mode. */
  readonly logits: readonly number[];
  readonly gradients: Readonly<Record<string, Summary>>;
  /** Of the gradients where weights are not zero. */
  readonly supportGradients: Readonly<Record<string, Summary>>;
  readonly buffers: Readonly<Record<string, Summary>>;
}

/** Enough of a tensor to notice any entry that is wrong or out of place. */
export interface Summary {
  readonly norm: number;
  /** Largest magnitude. */
  readonly largest: number;
  readonly sum: number;
  /** Σ xᵢ cos i: moves with the order of the entries. */
  readonly projection: number;
  /** A few entries: numbers 104729 k mod n. */
  readonly entries: readonly number[];
}

const STRIDE = 104_729;
const NUDGE = 0.003;

/** Looks at a tensor as the fixtures do. */
export function summarize(values: Float32Array, entries: number): Summary {
  let squares = 0;
  let sum = 0;
  let projection = 0;
  let largest = 0;
  values.forEach((value, i) => {
    squares += value * value;
    sum += value;
    projection += value * Math.cos(i);
    largest = Math.max(largest, Math.abs(value));
  });
  const at = (_: unknown, k: number) => values[(k * STRIDE) % values.length];
  return {
    norm: Math.sqrt(squares),
    largest,
    sum,
    projection,
    entries: Array.from({ length: entries }, at),
  };
}

/** He-normal weights, a share of the kernels kept, at the variance of a dense network. */
export function weightsOf(
  { name, shape, role, fanIn }: Parameter,
  density: number,
  nudges: FixtureCase['nudges'] = {},
): Float32Array {
  const random = stream(1, name);
  if (role === 'weight') {
    const gain = 1 / Math.sqrt(density);
    return sparseNormal(shape, fanIn, { density, by: 'kernels', gain }, random);
  }
  const center = role === 'gain' ? 1 : 0;
  const values = Float32Array.from({ length: sizeOf(shape) }, () => center + 0.1 * random.normal());
  return values.map((value, i) => value + NUDGE * Number.parseInt(nudges[name]?.[i] ?? '0', 36));
}

/** Normal images and their labels. */
export function batchOf({ description, outputShape }: Network, samples: number) {
  const random = stream(2);
  return {
    images: Float32Array.from({ length: samples * sizeOf(description.input) }, random.normal),
    labels: Int32Array.from({ length: samples }, () => random.below(sizeOf(outputShape))),
    order: Int32Array.from({ length: samples }, (_, i) => i),
  };
}
