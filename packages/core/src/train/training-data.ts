import type { Samples } from '../data/samples.js';

/** What a network is trained and tested on. Every `Dataset` is such. */
export interface TrainingData {
  readonly train: Samples;
  readonly test?: Samples;
  /** Per channel; by default inputs are taken as they are. */
  readonly mean?: readonly number[];
  readonly std?: readonly number[];
}
