/** Averages of the weights over the steps, which are scored and written in the place of the last ones. */
import type { Network } from '../backend/index.js';
import { UserError } from '../files/errors.js';
import type { Tensor } from '../files/safetensors.js';
import type { NetworkBuffer, Parameter } from '../graph/index.js';
import { fraction, type Output, object, whole, withDefault } from '../schema/index.js';
import { allReady, type Soon, whenReady } from '../soon.js';
import type { Optimizer } from './optimizer.js';
import { readWeights, writeWeights } from './weights.js';

/** Of averages in a configuration. */
export const averageSchema = object({
  /** The part d of the average that a step leaves, in [0, 1). */
  decay: withDefault(fraction, 0.999),
  /** Steps between two updates, each of which makes up for as many. */
  everySteps: withDefault(whole(1), 1),
});

type AverageOptions = Readonly<Output<typeof averageSchema>>;

/** A parameter or running statistic with its average. */
interface Averaged {
  readonly tensor: Parameter | NetworkBuffer;
  readonly average: Float32Array;
  /** Whether zeros are weights that are not there. */
  readonly isSparse: boolean;
  read(): Soon<Float32Array>;
}

/**
 * Exponential moving averages of the parameters that an optimizer moves, and of all running statistics:
 * θ̄ ← d θ̄ + (1 − d) θ after each step t, with d = min(decay, (1 + t) / (10 + t)), so that the start is soon
 * forgotten. The average is as sparse as the network: a weight that is 0 is 0 in it, and one that has come begins
 * with its own value. The network only gets to know of it while it is scored.
 */
export class WeightAverage {
  readonly #network: Network;
  readonly #optimizer: Optimizer;
  readonly #options: AverageOptions;
  readonly #averaged: readonly Averaged[];

  private constructor(
    network: Network,
    optimizer: Optimizer,
    options: AverageOptions,
    averaged: readonly Averaged[],
  ) {
    this.#network = network;
    this.#optimizer = optimizer;
    this.#options = options;
    this.#averaged = averaged;
  }

  /** Begins with the network as it is. */
  static async start(
    network: Network,
    optimizer: Optimizer,
    options: AverageOptions,
  ): Promise<WeightAverage> {
    const begin = async (
      tensor: Parameter | NetworkBuffer,
      isSparse: boolean,
      read: () => Soon<Float32Array>,
    ): Promise<Averaged> => ({ tensor, average: (await read()).slice(), isSparse, read });
    const parameters = optimizer.groups.flatMap((group) => group.parameters);
    const averaged = await Promise.all([
      ...parameters.map((each) => begin(each, each.role === 'weight', () => optimizer.theta(each))),
      ...network.buffers.map((each) => begin(each, false, () => network.read(each))),
    ]);
    return new WeightAverage(network, optimizer, options, averaged);
  }

  /** Takes in the weights after the optimizer's step. */
  afterStep(): Soon<void> {
    const { decay, everySteps } = this.#options;
    const { steps } = this.#optimizer;
    if (steps % everySteps !== 0) return undefined;
    const left = Math.min(decay, (1 + steps) / (10 + steps)) ** everySteps;
    return whenReady(allReady(this.#averaged.map((each) => each.read())), (values) => {
      for (const [i, { average, isSparse }] of this.#averaged.entries()) {
        if (isSparse) followSupport(average, values[i], 1 - left);
        else follow(average, values[i], 1 - left);
      }
    });
  }

  /** Does something while the averages are the network's weights. */
  async whileIn<T>(use: () => Promise<T>): Promise<T> {
    const own = await readWeights(this.#network);
    writeWeights(this.#network, this.inPlaceOf(own));
    try {
      return await use();
    } finally {
      writeWeights(this.#network, own);
    }
  }

  /** A copy of what a checkpoint saves, by name. */
  state(): Map<string, Tensor> {
    return new Map(
      this.#averaged.map(({ tensor, average }) => [
        stateName(tensor),
        { shape: tensor.shape, data: average.slice() },
      ]),
    );
  }

  /**
   * Continues where `state` was taken.
   *
   * @throws {UserError} an average is missing or has another length
   */
  restore(saved: ReadonlyMap<string, Tensor>): void {
    const found = this.#averaged.map(({ tensor, average }) => {
      const data = saved.get(stateName(tensor))?.data;
      if (data?.length === average.length) return data;
      throw new UserError(
        `average '${stateName(tensor)}': ${average.length} numbers expected, ` +
          `${data?.length ?? 'none'} found`,
      );
    });
    for (const [i, { average }] of this.#averaged.entries()) average.set(found[i]);
  }

  /** The network's present weights with copies of the averages in their place. */
  inPlaceOf(own: ReadonlyMap<string, Tensor>): Map<string, Tensor> {
    const weights = new Map(own);
    for (const { tensor, average, isSparse } of this.#averaged) {
      const data = average.slice();
      // Since the last update weights may have come and gone.
      if (isSparse) followSupport(data, own.get(tensor.name)!.data, 0);
      weights.set(tensor.name, { shape: tensor.shape, data });
    }
    return weights;
  }
}

function stateName({ name }: Parameter | NetworkBuffer): string {
  return `${name}.average`;
}

/** average ← average + share (values − average). */
function follow(average: Float32Array, values: Float32Array, share: number): void {
  for (let i = 0; i < average.length; i++) average[i] += share * (values[i] - average[i]);
}

/** The same where there was a weight and is one; one that is gone is 0, one that has come is as it is. */
function followSupport(average: Float32Array, values: Float32Array, share: number): void {
  for (let i = 0; i < average.length; i++) {
    const value = values[i];
    if (value === 0) average[i] = 0;
    else if (average[i] === 0) average[i] = value;
    else average[i] += share * (value - average[i]);
  }
}
