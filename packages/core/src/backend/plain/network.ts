import { INPUT, type NetworkDescription, type ResolvedLayer } from '../../graph/description.js';
import { describeParameter, type NetworkBuffer, type Parameter } from '../../graph/parameter.js';
import type { GradientScope, Mode } from '../../graph/pass.js';
import { mapRecord } from '../../graph/records.js';
import { resolve } from '../../layers/index.js';
import { plainOf } from '../../layers/plain.js';
import type { Numbers, PlainSite } from '../../lowering/plain.js';
import { type Shape, sizeOf } from '../../math/index.js';
import type {
  Backend,
  BatchResult,
  CompileOptions,
  Inputs,
  LossName,
  Network,
  StepGroup,
} from '../backend.js';
import {
  checkBlock,
  checkLength,
  checkLoaded,
  checkOptions,
  checkTakes,
  copyLabels,
  copySamples,
  predictByBatches,
  tensorNamed,
} from '../samples.js';
import { PlainBatch } from './batch.js';
import { crossEntropy, type PlainLoss, squaredError } from './loss.js';
import { exactOnSupport, oneBlock } from './scope.js';
import { PlainStepper, type SteppedNetwork } from './stepper.js';

/** A parameter with its memory, in PyTorch's layout. */
interface PlainParameter extends Parameter {
  readonly value: Float32Array;
  readonly gradient: Float32Array;
}

interface PlainBuffer extends NetworkBuffer {
  readonly value: Float32Array;
}

/** A layer with what is its own, by short names. */
interface PlacedLayer extends Omit<ResolvedLayer, 'parameters' | 'buffers'> {
  readonly parameters: Readonly<Record<string, PlainParameter>>;
  readonly buffers: Readonly<Record<string, PlainBuffer>>;
}

/** A network in plain arrays. All answers come at once. */
export class PlainNetwork implements Network, SteppedNetwork {
  readonly backend: Backend;
  readonly description: NetworkDescription;
  readonly batchSize: number;
  readonly loss: LossName;
  readonly #labelSmoothing: number;
  readonly parameters: readonly PlainParameter[];
  readonly buffers: readonly PlainBuffer[];
  readonly outputShape: Shape;
  readonly #layers: readonly PlacedLayer[];
  readonly #tensors: ReadonlyMap<string, PlainParameter | PlainBuffer>;
  readonly #batch: PlainBatch;
  /** Shapes of one sample, and values of the present batch, by the name of a layer or `input`. */
  readonly #shapes: ReadonlyMap<string, Shape>;
  readonly #values = new Map<string, Float32Array>();
  /** Labels or values that the batch's outputs should be; missing where they are not loaded. */
  #targets: Int32Array | Float32Array | undefined;
  /** Non-zero entries and rows of the parameters, by name. */
  readonly #counts = new Map<string, { nonZeros: number; activeRows: number }>();

  /**
   * @throws {UserError} the layers do not fit one another (it names the layer), or the normalization does not
   *   fit the input
   * @throws RangeError where the batch size is no whole number from 1 on
   */
  constructor(backend: Backend, description: NetworkDescription, options: CompileOptions) {
    checkOptions(options, description.input);
    this.backend = backend;
    this.description = description;
    this.batchSize = options.batchSize;
    this.loss = options.loss ?? 'cross-entropy';
    this.#labelSmoothing = options.labelSmoothing ?? 0;
    this.#layers = resolve(description).map(place);
    this.parameters = this.#layers.flatMap(({ parameters }) => Object.values(parameters));
    this.buffers = this.#layers.flatMap(({ buffers }) => Object.values(buffers));
    this.#tensors = new Map([...this.parameters, ...this.buffers].map((each) => [each.name, each]));
    this.#shapes = new Map([
      [INPUT, description.input],
      ...this.#layers.map(({ name, outputShape }) => [name, outputShape] as const),
    ]);
    this.outputShape = this.#layers.at(-1)!.outputShape;
    this.#batch = new PlainBatch(description.input, options);
    this.reindex();
  }

  read(tensor: Parameter | NetworkBuffer): Float32Array {
    return tensorNamed(this.#tensors, tensor).value.slice();
  }

  readGradient(parameter: Parameter): Float32Array {
    return this.gradientOf(parameter).slice();
  }

  write(tensor: Parameter | NetworkBuffer, values: Float32Array): void {
    const { name, value } = tensorNamed(this.#tensors, tensor);
    checkLength(name, value.length, values);
    value.set(values);
  }

  valueOf(parameter: Parameter): Float32Array {
    return this.#parameter(parameter).value;
  }

  gradientOf(parameter: Parameter): Float32Array {
    return this.#parameter(parameter).gradient;
  }

  #parameter(parameter: Parameter): PlainParameter {
    return tensorNamed(this.#tensors, parameter) as PlainParameter;
  }

  reindex(): void {
    for (const parameter of this.parameters) this.count(parameter);
  }

  /** Biases and gains count as full. */
  count(parameter: Parameter): void {
    const { name, role, rows, columns, value } = this.#parameter(parameter);
    const isKept = (i: number) => role !== 'weight' || value[i] !== 0;
    const counts = { nonZeros: 0, activeRows: 0 };
    for (let row = 0; row < rows; row++) {
      const before = counts.nonZeros;
      for (let i = 0; i < columns; i++) counts.nonZeros += Number(isKept(row * columns + i));
      if (counts.nonZeros > before) counts.activeRows++;
    }
    this.#counts.set(name, counts);
  }

  nonZeros({ name }: Parameter): number {
    return this.#counts.get(name)!.nonZeros;
  }

  activeRows({ name }: Parameter): number {
    return this.#counts.get(name)!.activeRows;
  }

  stepper(groups: readonly StepGroup[]): PlainStepper {
    return new PlainStepper(this, groups);
  }

  hold(inputs: Inputs): void {
    this.#batch.hold(inputs);
  }

  loadInputs(inputs: Inputs, order: ArrayLike<number>, from: number, count: number): void {
    this.#targets = undefined;
    this.#batch.load(inputs, order, from, count);
  }

  loadLabels(labels: ArrayLike<number>, order: ArrayLike<number>, from: number): void {
    checkTakes('labels', this.loss);
    const { samples } = this.#batch;
    const targets = new Int32Array(samples);
    copyLabels(labels, order, from, samples, sizeOf(this.outputShape), targets);
    this.#targets = targets;
  }

  loadTargets(values: Float32Array, order: ArrayLike<number>, from: number): void {
    checkTakes('values', this.loss);
    const { samples } = this.#batch;
    const size = sizeOf(this.outputShape);
    const targets = new Float32Array(samples * size);
    copySamples(values, size, order, from, samples, targets);
    this.#targets = targets;
  }

  evaluate(): BatchResult {
    checkLoaded(this.#batch.samples, this.#targets !== undefined);
    this.#forward('evaluation');
    return this.#result(this.#score('evaluation'));
  }

  differentiate(scope: GradientScope = 'all', sampledBlock = 0): BatchResult {
    const { samples } = this.#batch;
    checkLoaded(samples, this.#targets !== undefined);
    checkBlock(sampledBlock, samples);
    this.#forward('training');
    const loss = this.#score('training');
    this.#backward(loss.gradient, scope, sampledBlock);
    return this.#result(loss);
  }

  predict(inputs: Inputs): Float32Array {
    const outputs = predictByBatches(this, inputs, (to) => {
      this.#forward('evaluation');
      to.set(this.#output);
    });
    this.#batch.clear();
    return outputs;
  }

  get #output(): Float32Array {
    return this.#values.get(this.#layers.at(-1)!.name)!;
  }

  #forward(mode: Mode): void {
    this.#values.set(INPUT, this.#batch.inputs);
    for (const placed of this.#layers) {
      const { name, layer, type } = placed;
      const y = plainOf(type).forward(layer, this.#site(placed), mode);
      this.#values.set(name, Float32Array.from(y));
    }
  }

  #score(mode: Mode): PlainLoss {
    const { samples } = this.#batch;
    if (this.loss === 'squared-error') return squaredError(this.#output, this.#targets!, samples);
    const smoothing = mode === 'training' ? this.#labelSmoothing : 0;
    return crossEntropy(this.#output, this.#targets!, samples, smoothing);
  }

  #result({ losses, hits }: PlainLoss): BatchResult {
    return { samples: this.#batch.samples, loss: sum(losses), hits: sum(hits) };
  }

  /** Each layer hands the gradient to its output on to its inputs; from several readers come sums. */
  #backward(g: Numbers, scope: GradientScope, sampledBlock: number): void {
    const gradients = new Map([[this.#layers.at(-1)!.name, Float32Array.from(g)]]);
    for (const placed of this.#layers.toReversed()) {
      const { name, layer, type, inputs } = placed;
      const own = gradients.get(name)!;
      this.#differentiateParameters(placed, own, scope, sampledBlock);
      // Nobody reads the gradient to the network's own input.
      if (inputs.every((input) => input === INPUT)) continue;
      const toInputs = plainOf(type).inputGradients(layer, this.#site(placed), own);
      for (const [i, input] of inputs.entries()) {
        const before = gradients.get(input);
        const each = Float32Array.from(toInputs[i], (x, at) => x + (before ? before[at] : 0));
        gradients.set(input, each);
      }
    }
  }

  #differentiateParameters(
    placed: PlacedLayer,
    g: Float32Array,
    scope: GradientScope,
    sampledBlock: number,
  ): void {
    const { samples } = this.#batch;
    const { layer, type, parameters } = placed;
    const gradientsFrom = (g: Numbers) =>
      plainOf(type).parameterGradients?.(layer, this.#site(placed), g) ?? {};
    const exact = gradientsFrom(g);
    const sampled = scope === 'sampled' ? gradientsFrom(oneBlock(g, samples, sampledBlock)) : {};
    for (const [short, { role, value, gradient }] of Object.entries(parameters)) {
      const isWhole = scope === 'all' || role !== 'weight';
      const others = sampled[short] ?? new Float32Array(value.length);
      gradient.set(isWhole ? exact[short] : exactOnSupport(value, exact[short], others));
    }
  }

  #site({ name, inputs, parameters, buffers }: PlacedLayer): PlainSite {
    const tensor = (name: string) => ({
      shape: this.#shapes.get(name)!,
      value: this.#values.get(name) ?? [],
    });
    return {
      samples: this.#batch.samples,
      inputs: inputs.map(tensor),
      output: tensor(name),
      parameters: mapRecord(parameters, (_, { value }) => value),
      buffers: mapRecord(buffers, (_, { value }) => value),
    };
  }
}

function place(resolved: ResolvedLayer): PlacedLayer {
  const { name, layer } = resolved;
  return {
    ...resolved,
    parameters: mapRecord(resolved.parameters, (short, shape) => {
      const parameter = describeParameter({ name, kind: layer.kind }, short, shape);
      const zeros = () => new Float32Array(parameter.rows * parameter.columns);
      return { ...parameter, value: zeros(), gradient: zeros() };
    }),
    buffers: mapRecord(resolved.buffers, (short, buffer) => ({
      ...buffer,
      name: `${name}.${short}`,
      value: new Float32Array(sizeOf(buffer.shape)).fill(buffer.initial),
    })),
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
