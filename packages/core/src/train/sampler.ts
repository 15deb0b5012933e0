import type { Network } from '../backend/index.js';
import { type Augmentation, augment, cutOut } from '../data/augment.js';
import { isBatchSource, takeBatch } from '../data/batches.js';
import type { Samples } from '../data/samples.js';
import { shuffled } from '../data/split.js';
import { sizeOf, stream } from '../math/index.js';
import { ascending, loadBatch, loadTargets } from './load-batch.js';
import type { TrainingData } from './training-data.js';

/** Of a {@link Sampler}. */
interface SamplerOptions {
  readonly seed: number;
  readonly batchSize: number;
  /** Random changes of training images; null: none. */
  readonly augment: Augmentation | null;
}

/**
 * Which samples come when: shuffles them anew for each epoch, knows the place in it, and loads one batch
 * after the other, augmented where that is asked for. All that is random has a stream of its own, named by
 * the epoch and the batch, so that the place is all there is to remember.
 */
export class Sampler {
  readonly #data: TrainingData;
  /** Numbers of the samples to train on. */
  readonly #samples: Int32Array;
  readonly #options: SamplerOptions;
  /** Room for the changed inputs of a batch, and their numbers in it. */
  #changed?: Samples['inputs'];
  readonly #places: Int32Array;
  #epoch = 0;
  #batch = 0;
  #order: Int32Array;

  constructor(data: TrainingData, samples: Int32Array, options: SamplerOptions) {
    this.#data = data;
    this.#samples = samples;
    this.#options = options;
    this.#places = ascending(options.batchSize);
    this.#order = this.#orderOf(0);
  }

  /** Epochs completed. */
  get epoch(): number {
    return this.#epoch;
  }

  /** Batches taken in the epoch under way. */
  get batch(): number {
    return this.#batch;
  }

  get samplesPerEpoch(): number {
    return this.#samples.length;
  }

  /** Of an epoch; the last one may be smaller. */
  get batchesPerEpoch(): number {
    return Math.ceil(this.#samples.length / this.#options.batchSize);
  }

  /** Whether every sample of the epoch under way has been taken. */
  get isEpochDone(): boolean {
    return this.#from >= this.#samples.length;
  }

  /** Epochs completed, and the part of the one under way. */
  get position(): number {
    return this.#epoch + Math.min(this.#from / this.#samples.length, 1);
  }

  /** Samples of the next batch; the last one of an epoch may be smaller. */
  get count(): number {
    return Math.min(this.#options.batchSize, this.#samples.length - this.#from);
  }

  /** Loads the next batch into a network. */
  load(network: Network): void {
    const { train, augment: own } = this.#data;
    const count = this.count;
    if (isBatchSource(train)) {
      const random = stream(this.#options.seed, 'batch', this.#epoch, this.#batch);
      const place = { epoch: this.#epoch, batch: this.#batch, count, random };
      loadBatch(network, takeBatch(train, place), this.#places, 0, count);
    } else if (this.#options.augment || own) {
      network.loadInputs(this.#change(train, count), this.#places, 0, count);
      loadTargets(network, train.targets, this.#order, this.#from);
    } else {
      loadBatch(network, train, this.#order, this.#from, count);
    }
  }

  /** The loaded batch has been trained on. */
  advance(): void {
    this.#batch++;
  }

  /** Goes to a batch of an epoch. */
  moveTo(epoch: number, batch: number): void {
    this.#epoch = epoch;
    this.#batch = batch;
    this.#order = this.#orderOf(epoch);
  }

  get #from(): number {
    return this.#batch * this.#options.batchSize;
  }

  #orderOf(epoch: number): Int32Array {
    const samples = this.#samples;
    return shuffled(samples.length, this.#options.seed, epoch).map((i) => samples[i]);
  }

  /** Changed copies of a batch's inputs. */
  #change({ inputs, shape }: Samples, count: number): Samples['inputs'] {
    const { augment: augmentation, seed, batchSize } = this.#options;
    const size = sizeOf(shape);
    this.#changed ??= inputs.slice(0, batchSize * size);
    const to = this.#changed;
    if (augmentation) {
      const random = stream(seed, 'augment', this.#epoch, this.#batch);
      augment(inputs, shape, this.#order, this.#from, count, augmentation, random, to);
      this.#cutOut(to, shape, count, augmentation);
    } else {
      for (let i = 0; i < count; i++) {
        const sample = this.#order[this.#from + i];
        to.set(inputs.subarray(sample * size, (sample + 1) * size), i * size);
      }
    }
    const { augment: own } = this.#data;
    if (!own) return to;
    const random = stream(seed, 'own augmentation', this.#epoch, this.#batch);
    for (let i = 0; i < count; i++) own(to.subarray(i * size, (i + 1) * size), random);
    return to;
  }

  #cutOut(
    images: Samples['inputs'],
    shape: Samples['shape'],
    count: number,
    { cutout }: Augmentation,
  ): void {
    if (cutout === 0) return;
    // Of a stream of its own, so that it leaves the crops and mirrors as they are without it.
    const random = stream(this.#options.seed, 'cutout', this.#epoch, this.#batch);
    // Data that say no mean are not normalized: what stands for nothing is their 0.
    const { mean = [0] } = this.#data;
    cutOut(images, shape, count, cutout, mean, random);
  }
}
