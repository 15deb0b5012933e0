import { type Shape, sizeOf } from '../../math/index.js';
import type { CompileOptions, Inputs } from '../backend.js';
import { checkCount, checkType, copySamples } from '../samples.js';

/** The samples that a network works on, and those that it holds. */
export class PlainBatch {
  readonly #shape: Shape;
  readonly #options: CompileOptions;
  #held?: { readonly inputs: Inputs; readonly copy: Inputs };
  #inputs: Float32Array = new Float32Array(0);
  #samples = 0;

  constructor(shape: Shape, options: CompileOptions) {
    this.#shape = shape;
    this.#options = options;
  }

  /** Samples of the loaded batch, 0 where none is. */
  get samples(): number {
    return this.#samples;
  }

  /** Normalized: samples × features. */
  get inputs(): Float32Array {
    return this.#inputs;
  }

  /** Keeps a copy of samples, in place of those held before. */
  hold(inputs: Inputs): void {
    checkType(inputs, this.#options);
    this.#held = { inputs, copy: inputs.slice() };
    this.clear();
  }

  /** Takes in samples `order[from]` to `order[from + count − 1]`. */
  load(inputs: Inputs, order: ArrayLike<number>, from: number, count: number): void {
    checkCount(count, this.#options.batchSize);
    checkType(inputs, this.#options);
    this.clear();
    const source = inputs === this.#held?.inputs ? this.#held.copy : inputs;
    const size = sizeOf(this.#shape);
    const raw =
      source instanceof Uint8Array ? new Uint8Array(count * size) : new Float32Array(count * size);
    copySamples(source, size, order, from, count, raw);
    this.#inputs = this.#normalized(raw);
    this.#samples = count;
  }

  /** No batch is loaded any more. */
  clear(): void {
    this.#samples = 0;
  }

  /** (x − mean) / std by channel, the first axis of a sample; x of a byte is value / 255. */
  #normalized(raw: Inputs): Float32Array {
    const { mean, std } = this.#options.normalization ?? { mean: [0], std: [1] };
    const perChannel = sizeOf(this.#shape) / mean.length;
    const unit = raw instanceof Uint8Array ? 255 : 1;
    return Float32Array.from(raw, (value, i) => {
      const channel = Math.floor(i / perChannel) % mean.length;
      return (value / unit - mean[channel]) / std[channel];
    });
  }
}
