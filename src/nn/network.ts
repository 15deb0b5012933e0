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
import { type Shape, sizeOf } from '../math/index.js';
import { type NetworkDescription, type ResolvedLayer, resolve } from './description.js';
import { operationOf } from './layers/index.js';
import { type LossName, type LossPlan, planLoss } from './loss.js';
import type { GradientScope, Operation, Site, Tensor } from './operation.js';
import { type Parameter, planParameter } from './parameter.js';
import { type BreakEven, countCall, defaultBreakEven, indexCalls, nonZerosOf } from './support.js';

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

/** One layer where its kernel calls read and write. */
interface PlacedLayer {
  readonly resolved: ResolvedLayer;
  readonly operation: Operation<ResolvedLayer['layer']>;
  readonly site: Site;
}

/** A network compiled for an engine and a batch size, with its parameters in the engine's memory. */
export class Network {
  readonly engine: Engine;
  readonly description: NetworkDescription;
  readonly batchSize: number;
  readonly parameters: readonly Parameter[];
  /** Of one sample. */
  readonly outputShape: Shape;
  readonly breakEven: BreakEven;
  readonly #features: number;
  readonly #batch = record('batch', [0, 0]);
  readonly #raw: PlannedBuffer;
  readonly #rawTarget: PlannedBuffer;
  readonly #output: Tensor;
  readonly #loss: LossPlan;
  readonly #layers: readonly PlacedLayer[];
  readonly #options: CompileOptions;
  readonly #programs = new Map<string, LoadedProgram>();
  #samples = 0;

  /**
   * @throws Error where the layers do not fit one another (it names the layer) or memory does not
   * suffice
   */
  constructor(engine: Engine, description: NetworkDescription, options: CompileOptions) {
    const { batchSize, loss = 'cross-entropy', breakEven = defaultBreakEven } = options;
    if (!Number.isInteger(batchSize) || batchSize < 1) {
      throw new RangeError(`batch size: ${batchSize} is not a whole number from 1 on`);
    }
    this.engine = engine;
    this.description = description;
    this.batchSize = batchSize;
    this.breakEven = breakEven;
    this.#options = options;
    checkNormalization(options.normalization, description.input);
    const resolved = resolve(description);
    const features = sizeOf(description.input);
    const capacity = Math.ceil(batchSize / LANES) * LANES;
    this.#features = features;
    this.#raw = words('raw inputs', batchSize * features);
    const input = { shape: description.input, value: words('input', capacity * features) };
    this.#layers = placeLayers(resolved, input, this.#batch, capacity, breakEven);
    this.parameters = this.#layers.flatMap(({ site }) => Object.values(site.parameters));
    this.#output = this.#layers.at(-1)?.site.output ?? input;
    this.outputShape = this.#output.shape;
    this.#loss = planLoss(loss, this.#batch, this.#output, capacity);
    this.#rawTarget = words('raw targets', this.#loss.target.bytes >> 2);
    engine.reserveScratch(capacity * SCRATCH_BYTES_PER_SAMPLE);
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
      this.parameters.flatMap(({ support, value }) =>
        support ? [countCall(support, value), ...indexCalls(support, value)] : [],
      ),
    );
  }

  /** Number of non-zeros of a parameter, as of the last index. */
  nonZeros({ support, rows, columns }: Parameter): number {
    return support ? nonZerosOf(this.engine.integers(support.header)) : rows * columns;
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
    const bytes = inputs instanceof Uint8Array;
    if (bytes !== (this.#options.inputType === 'bytes')) {
      throw new TypeError(`the network was compiled for ${this.#options.inputType ?? 'floats'}`);
    }
    const raw = bytes ? this.engine.bytes(this.#raw) : this.engine.floats(this.#raw);
    copySamples(inputs, this.#features, order, from, count, raw);
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
      if (!(label >= 0 && label < classes)) {
        throw new RangeError(`label ${label} of sample ${order[from + i]} is not below ${classes}`);
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
    this.#run('evaluate', () => [...this.#forward(), ...this.#lossCalls()]);
    return this.#result();
  }

  /** Forward and backward pass of the loaded batch; gradients lie with the parameters afterwards. */
  differentiate(scope: GradientScope = 'all'): BatchResult {
    this.#run(scope, () => [...this.#forward(), ...this.#lossCalls(), ...this.#backward(scope)]);
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
      this.#run('predict', () => this.#forward());
      this.#readOutputs(outputs.subarray(from * size));
    }
    return outputs;
  }

  #readOutputs(to: Float32Array): void {
    const size = sizeOf(this.outputShape);
    const blocked = this.engine.floats(this.#output.value);
    for (let sample = 0; sample < this.#samples; sample++) {
      const start = (sample - (sample % LANES)) * size + (sample % LANES);
      for (let i = 0; i < size; i++) to[sample * size + i] = blocked[start + i * LANES];
    }
  }

  /** Loads a program the first time that it is needed, and runs it. */
  #run(name: string, build: () => Program): void {
    let program = this.#programs.get(name);
    if (!program) {
      program = this.engine.load(build());
      this.#programs.set(name, program);
    }
    this.engine.run(program, Math.ceil(this.#samples / LANES));
  }

  #forward(): Call[] {
    const { inputType = 'floats', normalization = { mean: [0], std: [1] } } = this.#options;
    const bytes = inputType === 'bytes';
    const load = this.#loadCall(
      this.#raw,
      this.#layers[0].site.input.value,
      this.description.input,
      {
        bytes,
        scale: normalization.std.map((std) => 1 / (std * (bytes ? 255 : 1))),
        shift: normalization.mean.map((mean, channel) => -mean / normalization.std[channel]),
      },
    );
    return [
      load,
      ...this.#layers.flatMap((at) => at.operation.forward(at.resolved.layer, at.site)),
    ];
  }

  #lossCalls(): Call[] {
    const { name, target, calls } = this.#loss;
    if (name === 'cross-entropy') return [...calls];
    const identity = { bytes: false, scale: [1], shift: [0] };
    return [this.#loadCall(this.#rawTarget, target, this.outputShape, identity), ...calls];
  }

  #backward(scope: GradientScope): Call[] {
    return this.#layers
      .toReversed()
      .flatMap((at) => at.operation.backward(at.resolved.layer, at.site, scope));
  }

  #loadCall(
    raw: PlannedBuffer,
    output: PlannedBuffer,
    shape: Shape,
    { bytes, scale, shift }: { bytes: boolean; scale: number[]; shift: number[] },
  ): Call {
    const features = sizeOf(shape);
    const constants = { scale: words('scale', scale.length), shift: words('shift', shift.length) };
    this.engine.floats(constants.scale).set(scale);
    this.engine.floats(constants.shift).set(shift);
    return callPerBlock('loadBatch', {
      ...{ batch: this.#batch, features, plane: features / scale.length },
      ...{ bytes: bytes ? 1 : 0, raw, ...constants, output },
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

/** What `linearWeightGradient` packs of the gradient to the output, for 24 rows. */
const SCRATCH_BYTES_PER_SAMPLE = 24 * 4;

function checkNormalization(given: CompileOptions['normalization'], input: Shape): void {
  if (!given) return;
  const { mean, std } = given;
  const fits = mean.length === std.length && (mean.length === 1 || mean.length === input[0]);
  if (fits && std.every((each) => each > 0)) return;
  throw new RangeError(
    `normalization: mean [${mean}] and std [${std}] must have 1 or ${input[0]} values, std above 0`,
  );
}

function placeLayers(
  resolved: readonly ResolvedLayer[],
  networkInput: Tensor,
  batch: PlannedBuffer,
  capacity: number,
  breakEven: BreakEven,
): PlacedLayer[] {
  let input = networkInput;
  return resolved.map((entry) => {
    const operation = operationOf(entry.layer);
    const output = placeOutput(entry, operation.inPlace && input !== networkInput, input, capacity);
    const parameters = Object.fromEntries(
      Object.entries(entry.parameters).map(([shortName, shape]) => [
        shortName,
        planParameter(entry.name, shortName, shape, breakEven),
      ]),
    );
    const site: Site = { batch, input, output, parameters };
    input = output;
    return { resolved: entry, operation, site };
  });
}

function placeOutput(
  { name, outputShape }: ResolvedLayer,
  inPlace: boolean,
  input: Tensor,
  capacity: number,
): Tensor {
  if (inPlace) return { ...input, shape: outputShape };
  const count = capacity * sizeOf(outputShape);
  return {
    shape: outputShape,
    value: words(`${name} output`, count),
    gradient: words(`${name} output gradient`, count),
  };
}

function copySamples(
  source: Inputs,
  size: number,
  order: ArrayLike<number>,
  from: number,
  count: number,
  to: Inputs,
): void {
  for (let i = 0; i < count; i++) {
    const start = order[from + i] * size;
    if (!(start >= 0 && start + size <= source.length)) {
      throw new RangeError(`there is no sample ${order[from + i]}`);
    }
    to.set(source.subarray(start, start + size), i * size);
  }
}
