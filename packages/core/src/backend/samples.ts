/** What every backend checks and does alike. */
import { UserError } from '../files/errors.js';
import { blocksOf } from '../graph/pass.js';
import { type Shape, sizeOf } from '../math/index.js';
import { fraction, validate } from '../schema/index.js';
import type { CompileOptions, Inputs, LossName, Network } from './backend.js';

/**
 * Makes sure that a network can be compiled with these options.
 *
 * @throws RangeError on a batch size that is no count
 * @throws {UserError} the smoothing of labels is none, or the normalization does not fit the input
 */
export function checkOptions(
  { batchSize, loss, labelSmoothing = 0, normalization }: CompileOptions,
  input: Shape,
): void {
  if (!Number.isInteger(batchSize) || batchSize < 1) {
    throw new RangeError(`batch size: ${batchSize} is not a whole number from 1 on`);
  }
  validate(fraction, labelSmoothing, 'labelSmoothing', UserError);
  if (loss === 'squared-error' && labelSmoothing > 0) {
    throw new UserError('labelSmoothing: the squared error has no labels to smooth; it must be 0');
  }
  if (!normalization || fitsNormalization(normalization, input)) return;
  const { mean, std } = normalization;
  throw new UserError(
    `normalization: mean [${mean}] and std [${std}] must have 1 or ${input[0]} values, std above 0`,
  );
}

/** Whether there is a mean and a deviation for each channel of an input, or one for all. */
export function fitsNormalization(
  { mean, std }: NonNullable<CompileOptions['normalization']>,
  input: Shape,
): boolean {
  // An image in a row still has its channels one by one.
  const isWhole = input.length === 1 ? input[0] % mean.length === 0 : mean.length === input[0];
  const isOneEach = mean.length === std.length && (mean.length === 1 || isWhole);
  return isOneEach && std.every((each) => each > 0);
}

/** @throws Error where no batch is loaded, or not what its outputs should be */
export function checkLoaded(samples: number, hasTargets: boolean): void {
  if (samples === 0) throw new Error('no batch is loaded: call loadInputs first');
  if (!hasTargets) {
    throw new Error('the batch has no labels or targets: call loadLabels or loadTargets first');
  }
}

/** @throws RangeError where the batch has no such block of sixteen samples */
export function checkBlock(block: number, samples: number): void {
  if (block >= 0 && block < blocksOf(samples)) return;
  throw new RangeError(`${samples} samples have no block ${block}`);
}

/** @throws Error where the network has no such parameter or buffer */
export function tensorNamed<T>(
  tensors: ReadonlyMap<string, T>,
  { name }: { readonly name: string },
): T {
  const found = tensors.get(name);
  if (found !== undefined) return found;
  throw new Error(`the network has no parameter '${name}'`);
}

/** @throws TypeError where a network was compiled for the other type of inputs */
export function checkType(inputs: Inputs, { inputType = 'floats' }: CompileOptions): void {
  if (inputs instanceof Uint8Array === (inputType === 'bytes')) return;
  throw new TypeError(`the network was compiled for ${inputType}`);
}

/** @throws RangeError where so many samples are no batch */
export function checkCount(count: number, batchSize: number): void {
  if (count >= 1 && count <= batchSize) return;
  throw new RangeError(`${count} samples do not fit a batch of ${batchSize}`);
}

/** @throws TypeError where a loss takes labels, and is given values, or the other way round */
export function checkTakes(what: 'labels' | 'values', loss: LossName): void {
  const wanted = loss === 'cross-entropy' ? 'labels' : 'values';
  if (what !== wanted) throw new TypeError(`the ${loss} loss takes ${wanted}`);
}

/** @throws RangeError where a tensor is given another count of numbers */
export function checkLength(name: string, expected: number, { length }: Float32Array): void {
  if (length === expected) return;
  throw new RangeError(`${name} holds ${expected} numbers, not ${length}`);
}

/**
 * How many samples inputs are.
 *
 * @throws RangeError where they are no whole number
 */
function countSamples({ length }: Inputs, features: number): number {
  const count = length / features;
  if (Number.isInteger(count)) return count;
  throw new RangeError(`${length} inputs are no multiple of ${features}`);
}

/**
 * The outputs of any number of samples, batch by batch: `forward` puts those of the loaded batch at the start
 * of the array that it is given.
 *
 * @throws RangeError where the inputs are no whole number of samples
 */
export function predictByBatches(
  network: Network,
  inputs: Inputs,
  forward: (to: Float32Array) => void,
): Float32Array {
  const { batchSize } = network;
  const count = countSamples(inputs, sizeOf(network.description.input));
  const size = sizeOf(network.outputShape);
  const order = Int32Array.from({ length: count }, (_, i) => i);
  const outputs = new Float32Array(count * size);
  for (let from = 0; from < count; from += batchSize) {
    network.loadInputs(inputs, order, from, Math.min(batchSize, count - from));
    forward(outputs.subarray(from * size));
  }
  return outputs;
}

/**
 * Copies samples `order[from]` to `order[from + count − 1]`, each of `size` numbers.
 *
 * @throws RangeError where a sample is missing
 */
export function copySamples(
  source: Inputs,
  size: number,
  order: ArrayLike<number>,
  from: number,
  count: number,
  to: Inputs,
): void {
  const samples = source.length / size;
  for (let i = 0; i < count; i++) {
    const start = checkSample(order[from + i], samples) * size;
    to.set(source.subarray(start, start + size), i * size);
  }
}

/** @throws RangeError where there is no such sample */
export function checkSample(sample: number, samples: number): number {
  if (sample >= 0 && sample + 1 <= samples) return sample;
  throw new RangeError(`there is no sample ${sample}`);
}

/**
 * Copies the class labels of samples `order[from]` to `order[from + count − 1]`.
 *
 * @throws RangeError where a label is none of the classes
 */
export function copyLabels(
  labels: ArrayLike<number>,
  order: ArrayLike<number>,
  from: number,
  count: number,
  classes: number,
  to: Int32Array,
): void {
  for (let i = 0; i < count; i++) {
    const label = labels[order[from + i]];
    if (!(Number.isInteger(label) && label >= 0 && label < classes)) {
      throw new RangeError(
        `label ${label} of sample ${order[from + i]} is no whole number below ${classes}`,
      );
    }
    to[i] = label;
  }
}
