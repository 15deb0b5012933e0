import type { Inputs, MemoryBudget, Network } from '../backend/index.js';
import type { Samples } from '../data/samples.js';
import { mebibytes } from '../engine/index.js';
import { UserError } from '../files/errors.js';
import type { Tensor } from '../files/safetensors.js';
import { BLOCK, formatShape } from '../graph/index.js';
import { resolve } from '../layers/index.js';
import type { BreakEven } from '../lowering/support.js';
import { type Shape, sizeOf } from '../math/index.js';
import { outputsOf } from './build-network.js';
import type { Score } from './metrics.js';
import { decodeModel, type ModelDescription } from './model-description.js';
import { type BackendOptions, type OpenBackend, openBackend } from './open-backend.js';
import { scoreOn } from './scorer.js';
import { checkTensors, writeWeights } from './weights.js';

/** What runs a model, and how many samples at once. */
export interface ModelOptions extends BackendOptions {
  /** By default as many as the machine runs at once. They have no influence on the result. */
  readonly threads?: number;
  /** The most samples that are worked on at once; by default 64, or fewer where memory is short. */
  readonly batchSize?: number;
  /** By default the library's. */
  readonly breakEven?: BreakEven;
  /** What messages begin with, such as the file's path. */
  readonly source?: string;
}

/** What a network says about a sample: one of its classes. */
export interface ClassScore {
  readonly label: number;
  /** The class's name, or its number where the classes have no names. */
  readonly name: string;
  readonly probability: number;
}

/**
 * Opens a model from the bytes of its file, such as a run's `best.safetensors`. Its network is compiled when the
 * first inputs come, for their type.
 *
 * @throws {UserError} the file is damaged, does not say what network its weights are of, or holds other tensors
 *   than that network has; or the host cannot run the kernels
 * @throws RangeError where `threads` is no whole number from 1 on
 */
export async function openModel(bytes: Uint8Array, options: ModelOptions = {}): Promise<Model> {
  const { source = 'model' } = options;
  const { description, weights } = decodeModel(bytes, source);
  if (description) return Model.create(description, weights, options);
  throw new UserError(
    `${source}: it does not say what network its weights are of; models that bregman saves do`,
  );
}

/** A trained network with all that it takes to predict; `close` ends its threads. */
export class Model {
  readonly description: ModelDescription;
  /** Of one sample. */
  readonly outputShape: Shape;
  readonly #backend: OpenBackend;
  readonly #weights: ReadonlyMap<string, Tensor>;
  readonly #options: ModelOptions;
  /** Compiled for the type of inputs that came. */
  readonly #networks = new Map<'bytes' | 'floats', Network>();

  /**
   * A model of weights and their description.
   *
   * @param weights by PyTorch's names, as `TrainResult.weights` and `decodeModel` give them
   * @throws {UserError} they do not fit one another, or the host cannot run the kernels
   * @throws RangeError where `threads` is no whole number from 1 on
   */
  static async create(
    description: ModelDescription,
    weights: ReadonlyMap<string, Tensor>,
    options: ModelOptions = {},
  ): Promise<Model> {
    const { backend, threads, source = 'model' } = options;
    // Before anything is allocated: a description may ask for any size, the weights are there.
    const layers = resolve(description.network);
    checkTensors(layers.flatMap(tensorsOf), weights, source);
    const open = await openBackend({ backend, threads });
    return new Model(description, layers.at(-1)!.outputShape, open, weights, options);
  }

  private constructor(
    description: ModelDescription,
    outputShape: Shape,
    backend: OpenBackend,
    weights: ReadonlyMap<string, Tensor>,
    options: ModelOptions,
  ) {
    this.description = description;
    this.outputShape = outputShape;
    this.#backend = backend;
    this.#weights = weights;
    this.#options = options;
  }

  /**
   * The network's outputs for any number of samples: logits, where it tells classes apart.
   *
   * @param inputs count × the description's shape, sample after sample; a byte b means b / 255
   * @returns count × `outputShape`
   * @throws {UserError} the network does not fit the memory
   * @throws RangeError where the inputs are no whole number of samples, or the model's batch size is none from 1 on
   */
  async predict(inputs: Inputs): Promise<Float32Array> {
    return this.#networkFor(inputs).predict(inputs);
  }

  /**
   * The most probable classes of any number of samples, each with its softmax probability.
   *
   * @param inputs as for `predict`
   * @param top how many classes of each sample
   * @returns for each sample its classes, the most probable first
   * @throws {UserError} the network answers with values, not with classes, or does not fit the memory
   * @throws RangeError as `predict`
   */
  async classify(inputs: Inputs, top = 3): Promise<ClassScore[][]> {
    if (this.description.loss !== 'cross-entropy') {
      throw new UserError(`${this.#source}: the network answers with values, not with classes`);
    }
    const outputs = await this.predict(inputs);
    const classes = sizeOf(this.outputShape);
    return Array.from({ length: outputs.length / classes }, (_, sample) =>
      this.#ranked(outputs.subarray(sample * classes, (sample + 1) * classes)).slice(0, top),
    );
  }

  /**
   * Scores the model on samples with their targets.
   *
   * @param order the numbers of those to take; by default all
   * @throws {UserError} they are of another shape, or ask for other outputs; or the network does not fit the memory
   */
  async evaluate(samples: Samples, order?: Int32Array): Promise<Score> {
    this.#checkSamples(samples);
    return scoreOn(this.#networkFor(samples.inputs), samples, order);
  }

  /** Ends the threads. */
  close(): void {
    this.#backend.close();
  }

  get #source(): string {
    return this.#options.source ?? 'model';
  }

  #ranked(logits: Float32Array): ClassScore[] {
    const { classNames } = this.description;
    const largest = logits.reduce((a, b) => Math.max(a, b));
    const weights = Array.from(logits, (logit) => Math.exp(logit - largest));
    const sum = weights.reduce((a, b) => a + b);
    return weights
      .map((weight, label) => {
        const name = classNames?.[label] ?? String(label);
        return { label, name, probability: weight / sum };
      })
      .sort((a, b) => b.probability - a.probability);
  }

  #checkSamples(samples: Samples): void {
    const { shape, loss } = this.description;
    const fail = (problem: string): never => {
      throw new UserError(`${this.#source}: ${problem}`);
    };
    if (String(samples.shape) !== String(shape)) {
      fail(`it takes ${formatShape(shape)}, the samples are ${formatShape(samples.shape)}`);
    }
    const { kind } = samples.targets;
    if ((loss === 'cross-entropy') !== (kind === 'classes')) {
      fail(`a ${loss} network is not scored on targets that are ${kind}`);
    }
    const wanted = outputsOf(samples);
    const given = sizeOf(this.outputShape);
    if (kind === 'classes' ? wanted > given : wanted !== given) {
      fail(`it has ${given} outputs, the samples ask for ${wanted}`);
    }
  }

  #networkFor(inputs: Inputs): Network {
    const inputType = inputs instanceof Uint8Array ? 'bytes' : 'floats';
    let network = this.#networks.get(inputType);
    if (!network) {
      network = this.#compile(inputType);
      this.#networks.set(inputType, network);
    }
    return network;
  }

  #compile(inputType: 'bytes' | 'floats'): Network {
    const { loss, normalization, network: layers } = this.description;
    const { breakEven } = this.#options;
    const options = { loss, inputType, normalization, breakEven };
    const batchSize = this.#batchSize((size) =>
      this.#backend.backend.memory(layers, { ...options, batchSize: size }, 0),
    );
    const network = this.#backend.backend.compile(layers, { ...options, batchSize });
    writeWeights(network, this.#weights, this.#source);
    return network;
  }

  /** The batch size asked for, or the largest that fits. */
  #batchSize(memory: (batchSize: number) => MemoryBudget): number {
    const asked = this.#options.batchSize;
    const sizes = asked === undefined ? [64, BLOCK] : [asked];
    const found = sizes.find((size) => {
      const { needed, free } = memory(size);
      return needed <= free;
    });
    if (found !== undefined) return found;
    const least = sizes.at(-1)!;
    const { needed, free } = memory(least);
    throw new UserError(
      `${this.#source}: a batch of ${least} needs ${mebibytes(needed)} of memory, ` +
        `the engine has ${mebibytes(free)}`,
    );
  }
}

/** The names and shapes of what a layer keeps. */
function tensorsOf({ name, parameters, buffers }: ReturnType<typeof resolve>[number]) {
  return Object.entries({ ...parameters, ...buffers }).map(([key, { shape }]) => ({
    name: `${name}.${key}`,
    shape,
  }));
}
