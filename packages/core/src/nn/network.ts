import {
  type Call,
  callPerBlock,
  type Engine,
  LANES,
  type LoadedProgram,
  type PlannedBuffer,
  type Program,
  record,
  words,
} from '../engine/index.js';
import { UserError } from '../files/errors.js';
import { type Shape, sizeOf } from '../math/index.js';
import type { NetworkDescription } from './description.js';
import { type LossName, type LossPlan, planLoss } from './loss.js';
import type { GradientScope, Mode, NetworkBuffer } from './operation.js';
import type { Parameter } from './parameter.js';
import { type NetworkPlan, planNetwork, scratchBytes } from './plan.js';
import { layoutOf, type Tensor } from './planes.js';
import {
  activeRowsOf,
  type BreakEven,
  countCall,
  defaultBreakEven,
  indexCalls,
  nonZerosOf,
} from './support.js';

export interface CompileOptions {
  /** The most samples that are worked on at once. */
  readonly batchSize: number;
  /** By default `cross-entropy`. */
  readonly loss?: LossName;
  /** What inputs are given as: bytes, meaning value / 255, or float32 numbers (the default). */
  readonly inputType?: 'bytes' | 'floats';
  /** Per channel (first axis of the input), or one for all: inputs become (x − mean) / std. */
  readonly normalization?: { readonly mean: readonly number[]; readonly std: readonly number[] };
  readonly breakEven?: BreakEven;
}

/** Sums over the samples of a batch. */
export interface BatchResult {
  readonly samples: number;
  readonly loss: number;
  /** Samples whose largest logit is the label's. */
  readonly hits: number;
}

/** Samples to take batches from: count × features, sample after sample. */
export type Inputs = Uint8Array | Float32Array;

/** Ends the names of programs that gather their batch from the samples held. */
const HELD = ', held';

/** A network compiled for an engine and a batch size, with its parameters in the engine's memory. */
export class Network {
  readonly engine: Engine;
  readonly description: NetworkDescription;
  readonly batchSize: number;
  readonly parameters: readonly Parameter[];
  /** Of one sample. */
  readonly outputShape: Shape;
  readonly breakEven: BreakEven;
  /** What layers keep besides their parameters: running statistics. */
  readonly buffers: readonly NetworkBuffer[];
  readonly #features: number;
  readonly #batch = record('batch', [0, 0, 0]);
  /** Where copies of a batch's samples lie, one after the other. */
  readonly #raw: PlannedBuffer;
  /** The numbers of a batch's samples among those held. */
  readonly #places: PlannedBuffer;
  #held?: { readonly inputs: Inputs; readonly buffer: PlannedBuffer };
  /** Whether the loaded batch lies among those held. */
  #isHeld = false;
  readonly #rawTarget: PlannedBuffer;
  readonly #plan: NetworkPlan;
  readonly #loss: LossPlan;
  readonly #options: CompileOptions;
  readonly #programs = new Map<string, LoadedProgram>();
  #samples = 0;

  /**
   * @throws {UserError} the layers do not fit one another (it names the layer), the normalization does
   *   not fit the input, or memory does not suffice
   */
  constructor(engine: Engine, description: NetworkDescription, options: CompileOptions) {
    const { batchSize, loss = 'cross-entropy', breakEven = defaultBreakEven } = options;
    if (!Number.isInteger(batchSize) || batchSize < 1) {
      throw new RangeError(`batch size: ${batchSize} is not a whole number from 1 on`);
    }
    checkNormalization(options.normalization, description.input);
    this.engine = engine;
    this.description = description;
    this.batchSize = batchSize;
    this.breakEven = breakEven;
    this.#options = options;
    this.#features = sizeOf(description.input);
    const bytesPerInput = options.inputType === 'bytes' ? 1 : 4;
    this.#raw = { name: 'raw inputs', bytes: bytesPerInput * batchSize * this.#features };
    this.#places = words('places', batchSize);
    this.#plan = planNetwork(description, batchSize, this.#batch, breakEven);
    this.parameters = this.#plan.layers.flatMap(({ parameters }) => parameters);
    this.buffers = this.#plan.layers.flatMap(({ buffers }) => buffers);
    this.outputShape = this.#plan.output.shape;
    this.#loss = planLoss(loss, this.#batch, this.#plan.output, batchSize);
    this.#rawTarget = words('raw targets', batchSize * sizeOf(this.outputShape));
    for (const { value, initial } of this.buffers) engine.floats(value).fill(initial);
    engine.allocate(this.#loss.losses);
    engine.allocate(this.#loss.hits);
    engine.reserveScratch(scratchBytes(this.#plan.layers));
  }

  get loss(): LossName {
    return this.#loss.name;
  }

  /** A copy of a parameter's values in PyTorch's layout. */
  read({ value }: Parameter): Float32Array {
    return this.engine.floats(value).slice();
  }

  /** Replaces a parameter's values. Call `reindex` when all are written. */
  write({ name, value, rows, columns }: Parameter, values: Float32Array): void {
    if (values.length !== rows * columns) {
      throw new RangeError(`${name} holds ${rows * columns} numbers, not ${values.length}`);
    }
    this.engine.floats(value).set(values);
  }

  /** Finds the non-zero weights again after `write`. */
  reindex(): void {
    this.#run('reindex', () =>
      this.parameters.flatMap((parameter) => [
        ...(parameter.support ? [countCall(parameter.support, parameter.value)] : []),
        ...this.indexCalls(parameter),
      ]),
    );
  }

  /** The calls that rebuild the index of a parameter's non-zeros, once these are counted by row. */
  indexCalls({ name, support, value }: Parameter): Call[] {
    if (!support) return [];
    const owner = this.#plan.layers.find(({ parameters }) =>
      parameters.some((each) => each.name === name),
    );
    return [...indexCalls(support, value), ...(owner?.placed.index ?? [])];
  }

  /** Number of non-zeros of a parameter, as of the last index. */
  nonZeros({ support, rows, columns }: Parameter): number {
    return support ? nonZerosOf(this.engine.integers(support.header)) : rows * columns;
  }

  /** Number of rows of a parameter that hold a non-zero, as of the last index. */
  activeRows({ support, rows }: Parameter): number {
    return support ? activeRowsOf(this.engine.integers(support.header)) : rows;
  }

  /**
   * Keeps a copy of samples in the engine's memory, in place of those held before. `loadInputs` from the
   * same array then copies nothing: the kernels gather the batch. What is written to the array later is not
   * seen, and no batch is loaded any more.
   */
  hold(inputs: Inputs): void {
    this.#checkType(inputs);
    const fits = this.#held && this.#held.buffer.bytes >= inputs.byteLength;
    const buffer = fits ? this.#held!.buffer : { name: 'held inputs', bytes: inputs.byteLength };
    const { engine } = this;
    const to = inputs instanceof Uint8Array ? engine.bytes(buffer) : engine.floats(buffer);
    to.set(inputs);
    this.#held = { inputs, buffer };
    this.#samples = 0;
    this.#isHeld = false;
    if (!fits) this.#dropHeldPrograms();
  }

  /** Those that read the memory where samples were held before. */
  #dropHeldPrograms(): void {
    for (const key of this.#programs.keys()) {
      if (key.endsWith(HELD)) this.#programs.delete(key);
    }
  }

  /**
   * Takes in the inputs of samples `order[from]` to `order[from + count − 1]`.
   *
   * @throws RangeError where count is not between 1 and the batch size, or a sample is missing
   */
  loadInputs(inputs: Inputs, order: ArrayLike<number>, from: number, count: number): void {
    if (!(count >= 1 && count <= this.batchSize)) {
      throw new RangeError(`${count} samples do not fit a batch of ${this.batchSize}`);
    }
    this.#samples = count;
    this.engine.integers(this.#batch).set([count, Math.ceil(count / LANES)]);
    this.#checkType(inputs);
    this.#isHeld = inputs === this.#held?.inputs;
    if (this.#isHeld) {
      const places = this.engine.integers(this.#places);
      const samples = inputs.length / this.#features;
      for (let i = 0; i < count; i++) places[i] = checkSample(order[from + i], samples);
      return;
    }
    const { engine } = this;
    const raw = inputs instanceof Uint8Array ? engine.bytes(this.#raw) : engine.floats(this.#raw);
    copySamples(inputs, this.#features, order, from, count, raw);
  }

  #checkType(inputs: Inputs): void {
    const { inputType = 'floats' } = this.#options;
    if (inputs instanceof Uint8Array === (inputType === 'bytes')) return;
    throw new TypeError(`the network was compiled for ${inputType}`);
  }

  /**
   * Takes in the class labels of the same samples.
   *
   * @throws RangeError where a label is none of the classes
   */
  loadLabels(labels: ArrayLike<number>, order: ArrayLike<number>, from: number): void {
    const to = this.engine.integers(this.#loss.labels);
    const classes = sizeOf(this.outputShape);
    for (let i = 0; i < this.#samples; i++) {
      const label = labels[order[from + i]];
      if (!(Number.isInteger(label) && label >= 0 && label < classes)) {
        throw new RangeError(
          `label ${label} of sample ${order[from + i]} is no whole number below ${classes}`,
        );
      }
      to[i] = label;
    }
  }

  /**
   * Takes in the target values of the same samples.
   *
   * @throws RangeError where a sample is missing
   */
  loadTargets(values: Float32Array, order: ArrayLike<number>, from: number): void {
    if (this.loss !== 'squared-error') throw new TypeError(`the ${this.loss} loss takes labels`);
    const raw = this.engine.floats(this.#rawTarget);
    copySamples(values, sizeOf(this.outputShape), order, from, this.#samples, raw);
  }

  /** Forward pass and loss of the loaded batch. */
  evaluate(): BatchResult {
    this.#checkLoaded();
    this.#run('evaluate', () => [...this.#forward('evaluation'), ...this.#lossCalls()]);
    return this.#result();
  }

  /**
   * Forward and backward pass of the loaded batch; gradients lie with the parameters afterwards.
   *
   * @param sampledBlock for the scope `sampled`: which sixteen samples of the batch stand for it
   */
  differentiate(scope: GradientScope = 'all', sampledBlock = 0): BatchResult {
    this.#checkLoaded();
    this.engine.integers(this.#batch)[2] = sampledBlock;
    this.#run(scope, () => [
      ...this.#forward('training'),
      ...this.#lossCalls(),
      ...this.#backward(scope),
    ]);
    return this.#result();
  }

  /**
   * The network's outputs for any number of inputs, sample after sample.
   *
   * @throws RangeError where the inputs are no whole number of samples
   */
  predict(inputs: Inputs): Float32Array {
    const count = inputs.length / this.#features;
    if (!Number.isInteger(count)) {
      throw new RangeError(`${inputs.length} inputs are no multiple of ${this.#features}`);
    }
    const size = sizeOf(this.outputShape);
    const order = Int32Array.from({ length: count }, (_, i) => i);
    const outputs = new Float32Array(count * size);
    for (let from = 0; from < count; from += this.batchSize) {
      this.loadInputs(inputs, order, from, Math.min(this.batchSize, count - from));
      this.#run('predict', () => this.#forward('evaluation'));
      this.#readOutputs(outputs.subarray(from * size));
    }
    return outputs;
  }

  #readOutputs(to: Float32Array): void {
    const { value, layout } = this.#plan.output;
    const size = sizeOf(this.outputShape);
    const blocked = this.engine.floats(value);
    const { channels, height, width, start, row, plane, block } = layout;
    for (let sample = 0; sample < this.#samples; sample++) {
      const first = (Math.floor(sample / LANES) * block + start) * LANES + (sample % LANES);
      let at = sample * size;
      for (let c = 0; c < channels; c++) {
        for (let y = 0; y < height; y++) {
          for (let x = 0; x < width; x++)
            to[at++] = blocked[first + (c * plane + y * row + x) * LANES];
        }
      }
    }
  }

  #checkLoaded(): void {
    if (this.#samples === 0) throw new Error('no batch is loaded: call loadInputs first');
  }

  /** Loads a program the first time that it is needed, and runs it. */
  #run(name: string, build: () => Program): void {
    const key = this.#isHeld ? name + HELD : name;
    let program = this.#programs.get(key);
    if (!program) {
      program = this.engine.load(build());
      this.#programs.set(key, program);
    }
    this.engine.run(program, Math.ceil(this.#samples / LANES));
  }

  #forward(mode: Mode): Call[] {
    const { inputType = 'floats', normalization = { mean: [0], std: [1] } } = this.#options;
    const bytes = inputType === 'bytes';
    const raw = this.#isHeld ? this.#held?.buffer : this.#raw;
    const places = this.#isHeld ? this.#places : undefined;
    const load = this.#loadCall({ raw, places }, this.#plan.input, {
      bytes,
      scale: normalization.std.map((std) => 1 / (std * (bytes ? 255 : 1))),
      shift: normalization.mean.map((mean, channel) => -mean / normalization.std[channel]),
    });
    return [load, ...this.#plan.layers.flatMap(({ placed }) => placed.forward(mode))];
  }

  #lossCalls(): Call[] {
    const { name, target, calls } = this.#loss;
    if (name === 'cross-entropy') return [...calls];
    const identity = { bytes: false, scale: [1], shift: [0] };
    const tensor = { ...this.#plan.output, value: target };
    return [this.#loadCall({ raw: this.#rawTarget }, tensor, identity), ...calls];
  }

  #backward(scope: GradientScope): Call[] {
    return this.#plan.layers
      .toReversed()
      .flatMap(({ prepare, placed }) => [...prepare, ...placed.backward(scope)]);
  }

  #loadCall(
    { raw, places }: { raw: PlannedBuffer | undefined; places?: PlannedBuffer | undefined },
    { shape, layout, value }: Tensor,
    { bytes, scale, shift }: { bytes: boolean; scale: number[]; shift: number[] },
  ): Call {
    const constants = { scale: words('scale', scale.length), shift: words('shift', shift.length) };
    this.engine.floats(constants.scale).set(scale);
    this.engine.floats(constants.shift).set(shift);
    const perChannel = scale.length > 1;
    // An image in a row, for a network without convolutions, still has its channels one by one.
    const inChannels = layoutOf([scale.length, 1, sizeOf(shape) / scale.length]);
    const { record } = perChannel && shape.length !== 3 ? inChannels : layout;
    return callPerBlock('loadBatch', {
      ...{ batch: this.#batch, layout: record, perChannel: Number(perChannel) },
      ...{ bytes: Number(bytes), raw, places, ...constants, output: value },
    });
  }

  #result(): BatchResult {
    const losses = this.engine.floats(this.#loss.losses);
    const hits = this.engine.integers(this.#loss.hits);
    const total = { samples: this.#samples, loss: 0, hits: 0 };
    for (let i = 0; i < this.#samples; i++) {
      total.loss += losses[i];
      total.hits += hits[i];
    }
    return total;
  }
}

function checkNormalization(given: CompileOptions['normalization'], input: Shape): void {
  if (!given) return;
  const { mean, std } = given;
  const isWhole = input.length === 1 ? input[0] % mean.length === 0 : mean.length === input[0];
  const fits = mean.length === std.length && (mean.length === 1 || isWhole);
  if (fits && std.every((each) => each > 0)) return;
  throw new UserError(
    `normalization: mean [${mean}] and std [${std}] must have 1 or ${input[0]} values, std above 0`,
  );
}

function copySamples(
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

function checkSample(sample: number, samples: number): number {
  if (sample >= 0 && sample + 1 <= samples) return sample;
  throw new RangeError(`there is no sample ${sample}`);
}
