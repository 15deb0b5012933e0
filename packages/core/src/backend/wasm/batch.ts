import {
  type Call,
  callPerBlock,
  type Engine,
  type PlannedBuffer,
  record,
  words,
} from '../../engine/index.js';
import { blocksOf } from '../../graph/pass.js';
import { layoutOf, type Tensor } from '../../lowering/planes.js';
import { type Shape, sizeOf } from '../../math/index.js';
import type { CompileOptions, Inputs } from '../backend.js';
import { checkCount, checkSample, checkType, copySamples } from '../samples.js';

/** The samples that a network works on: staged in the engine's memory, copied there or held. */
export class BatchStage {
  /** What kernels read of it. */
  readonly record = record('Batch', { samples: 0, blocks: 0, sampledBlock: 0 }, 'batch');
  readonly #engine: Engine;
  readonly #features: number;
  readonly #capacity: number;
  readonly #options: CompileOptions;
  /** Where copies of a batch's samples lie, one after the other. */
  readonly #raw: PlannedBuffer;
  /** The numbers of a batch's samples among those held. */
  readonly #places: PlannedBuffer;
  #held?: { readonly inputs: Inputs; readonly buffer: PlannedBuffer };
  #isHeld = false;
  #samples = 0;
  /** Whether the labels or values that the loaded batch's outputs should be are there. */
  hasTargets = false;

  constructor(engine: Engine, input: Shape, options: CompileOptions) {
    const { batchSize, inputType } = options;
    this.#engine = engine;
    this.#options = options;
    this.#capacity = batchSize;
    this.#features = sizeOf(input);
    const bytesPerInput = inputType === 'bytes' ? 1 : 4;
    this.#raw = { name: 'raw inputs', bytes: bytesPerInput * batchSize * this.#features };
    this.#places = words('places', batchSize);
  }

  /** Samples of the loaded batch, 0 where none is. */
  get samples(): number {
    return this.#samples;
  }

  get blocks(): number {
    return blocksOf(this.#samples);
  }

  /** Whether the loaded batch lies among the samples held. */
  get isHeld(): boolean {
    return this.#isHeld;
  }

  /**
   * Keeps a copy of samples, in place of those held before.
   *
   * @returns whether they lie where those before lay
   */
  hold(inputs: Inputs): boolean {
    checkType(inputs, this.#options);
    const fits = this.#held !== undefined && this.#held.buffer.bytes >= inputs.byteLength;
    const buffer = fits ? this.#held!.buffer : { name: 'held inputs', bytes: inputs.byteLength };
    this.#viewLike(inputs, buffer).set(inputs);
    this.#held = { inputs, buffer };
    this.clear();
    return fits;
  }

  /** Takes in the inputs of samples `order[from]` to `order[from + count − 1]`. */
  load(inputs: Inputs, order: ArrayLike<number>, from: number, count: number): void {
    checkCount(count, this.#capacity);
    checkType(inputs, this.#options);
    // Until all is there; a sample may be missing.
    this.clear();
    this.#isHeld = inputs === this.#held?.inputs;
    if (this.#isHeld) this.#place(inputs, order, from, count);
    else copySamples(inputs, this.#features, order, from, count, this.#viewLike(inputs, this.#raw));
    this.#samples = count;
    this.#engine.setFields(this.record, { samples: count, blocks: this.blocks });
  }

  #place(inputs: Inputs, order: ArrayLike<number>, from: number, count: number): void {
    const places = this.#engine.integers(this.#places);
    const samples = inputs.length / this.#features;
    for (let i = 0; i < count; i++) places[i] = checkSample(order[from + i], samples);
  }

  /** No batch is loaded any more. */
  clear(): void {
    this.#samples = 0;
    this.#isHeld = false;
    this.hasTargets = false;
  }

  /** Which sixteen samples stand for the batch in the scope `sampled`. */
  chooseBlock(block: number): void {
    this.#engine.setFields(this.record, { sampledBlock: block });
  }

  /** The call that brings the loaded batch, normalized, to the network's input. */
  loadCall(input: Tensor): Call {
    const { inputType, normalization = { mean: [0], std: [1] } } = this.#options;
    const { mean, std } = normalization;
    const bytes = inputType === 'bytes';
    const raw = this.#isHeld ? this.#held?.buffer : this.#raw;
    const places = this.#isHeld ? this.#places : undefined;
    const scale = std.map((each) => 1 / (each * (bytes ? 255 : 1)));
    const shift = mean.map((each, channel) => -each / std[channel]);
    return this.#blockedCall({ raw, places, bytes }, input, scale, shift);
  }

  /** The call that brings values as they are, sample after sample, to a tensor. */
  copyCall(raw: PlannedBuffer, to: Tensor): Call {
    return this.#blockedCall({ raw, places: undefined, bytes: false }, to, [1], [0]);
  }

  #blockedCall(
    from: { raw: PlannedBuffer | undefined; places: PlannedBuffer | undefined; bytes: boolean },
    { shape, layout, value }: Tensor,
    scale: readonly number[],
    shift: readonly number[],
  ): Call {
    const scales = words('scale', scale.length);
    const shifts = words('shift', shift.length);
    this.#engine.floats(scales).set(scale);
    this.#engine.floats(shifts).set(shift);
    const perChannel = scale.length > 1;
    // An image in a row, for a network without convolutions, still has its channels one by one.
    const inChannels = layoutOf([scale.length, 1, sizeOf(shape) / scale.length]);
    const { record } = perChannel && shape.length !== 3 ? inChannels : layout;
    return callPerBlock('loadBatch', {
      batch: this.record,
      layout: record,
      perChannel: Number(perChannel),
      bytes: Number(from.bytes),
      raw: from.raw,
      places: from.places,
      scale: scales,
      shift: shifts,
      output: value,
    });
  }

  #viewLike(inputs: Inputs, buffer: PlannedBuffer): Inputs {
    const isBytes = inputs instanceof Uint8Array;
    return isBytes ? this.#engine.bytes(buffer) : this.#engine.floats(buffer);
  }
}
