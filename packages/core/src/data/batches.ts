import { UserError } from '../files/errors.js';
import type { RandomStream } from '../math/random.js';
import type { Samples } from './samples.js';

/** What there is to answer for a sample, without the answers. Every `Targets` is such. */
export type TargetKind =
  | { readonly kind: 'classes'; readonly classes: number }
  | { readonly kind: 'values'; readonly shape: readonly number[] };

/** Training samples that are made batch by batch, in place of arrays that hold them all. */
export interface BatchSource {
  /** Samples of an epoch. */
  readonly count: number;
  /** Of one sample. */
  readonly shape: readonly number[];
  /** What the inputs are: bytes, meaning value / 255, or float32 numbers. */
  readonly inputType: 'bytes' | 'floats';
  readonly targets: TargetKind;
  /**
   * Makes the samples of one batch. Where the same place always gives the same samples, a resumed
   * run continues to the same bits.
   */
  batch(place: BatchPlace): Samples;
}

/** Which batch is wanted. */
export interface BatchPlace {
  /** From 0. */
  readonly epoch: number;
  /** Of the epoch, from 0. */
  readonly batch: number;
  /** How many samples; the last batch of an epoch may be smaller. */
  readonly count: number;
  /** A stream of the run's seed for this batch alone. */
  readonly random: RandomStream;
}

/** Whether samples are made batch by batch. */
export function isBatchSource(samples: Samples | BatchSource): samples is BatchSource {
  return 'batch' in samples;
}

/** What the inputs are given as. */
export function inputTypeOf(samples: Samples | BatchSource): BatchSource['inputType'] {
  if (isBatchSource(samples)) return samples.inputType;
  return samples.inputs instanceof Uint8Array ? 'bytes' : 'floats';
}

/**
 * A batch of a source.
 *
 * @throws {UserError} it is not what the source announced
 */
export function takeBatch(source: BatchSource, place: BatchPlace): Samples {
  const batch = source.batch(place);
  const wanted = describe(source, place.count);
  const found = describe(batch, batch.count);
  if (found === wanted) return batch;
  throw new UserError(
    `batch ${place.batch} of epoch ${place.epoch}: it holds ${found}, announced are ${wanted}`,
  );
}

function describe(samples: Samples | BatchSource, count: number): string {
  const { shape, targets } = samples;
  const answers =
    targets.kind === 'classes' ? `${targets.classes} classes` : `values of [${targets.shape}]`;
  return `${count} samples of [${shape}] ${inputTypeOf(samples)} with ${answers}`;
}
