import type { AugmentSample } from '../data/augment.js';
import type { BatchSource } from '../data/batches.js';
import type { Samples } from '../data/samples.js';

/** What a network is trained and tested on. Every `Dataset` is such. */
export interface TrainingData {
  /** Saved with the network that is trained on them. */
  readonly name?: string;
  readonly train: Samples | BatchSource;
  readonly test?: Samples;
  /** The name of each class, in the order of the labels; saved with the network. */
  readonly classNames?: readonly string[];
  /** Per channel; by default inputs are taken as they are. */
  readonly mean?: readonly number[];
  readonly std?: readonly number[];
  /** Changes training samples at random, after what the configuration's `augment` does. */
  readonly augment?: AugmentSample;
}
