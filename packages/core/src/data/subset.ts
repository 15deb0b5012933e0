import { UserError } from '../files/errors.js';
import { stream } from '../math/random.js';
import { type Input, object, optional, whole } from '../schema/index.js';
import type { Dataset, Samples, Targets } from './samples.js';

/** Counts of samples in a configuration. */
export const sampleCountsSchema = object({ train: optional(whole(1)), test: optional(whole(1)) });

/** How many samples to keep of each part; all where nothing is said. */
export type SampleCounts = Input<typeof sampleCountsSchema>;

/**
 * A part of a data set, for quick runs. Samples are drawn at random, since files may be ordered by
 * class, and stay in their order.
 *
 * @throws {UserError} more are asked for than there are
 */
export function subset(data: Dataset, { train, test }: SampleCounts, seed: number): Dataset {
  return {
    ...data,
    train: draw(data.train, train, seed, 'train'),
    test: draw(data.test, test, seed, 'test'),
  };
}

function draw(all: Samples, wanted: number | undefined, seed: number, part: string): Samples {
  if (wanted === undefined || wanted === all.count) return all;
  if (wanted > all.count) {
    throw new UserError(`samples.${part}: ${wanted} are more than the ${all.count} that there are`);
  }
  const order = Int32Array.from({ length: all.count }, (_, i) => i);
  stream(seed, 'samples', part).shuffle(order);
  const kept = order.slice(0, wanted).sort();
  const inputs = take(all.inputs, all.inputs.length / all.count, kept);
  return { ...all, count: wanted, inputs, targets: takeTargets(all, kept) };
}

function takeTargets({ targets, count }: Samples, kept: Int32Array): Targets {
  if (targets.kind === 'classes') return { ...targets, labels: take(targets.labels, 1, kept) };
  return { ...targets, values: take(targets.values, targets.values.length / count, kept) };
}

/** The samples of these numbers, each of `size` values. */
function take<T extends Uint8Array | Uint16Array | Int32Array | Float32Array>(
  from: T,
  size: number,
  kept: Int32Array,
): T {
  const to = from.slice(0, kept.length * size) as T;
  for (const [i, sample] of kept.entries()) {
    to.set(from.subarray(sample * size, (sample + 1) * size), i * size);
  }
  return to;
}
