import { isBatchSource } from '../data/batches.js';
import type { Samples } from '../data/samples.js';
import { split as parted } from '../data/split.js';
import { UserError } from '../files/errors.js';
import type { Tensor } from '../files/safetensors.js';
import type { Config } from './config.js';
import { ascending } from './load-batch.js';
import type { Score } from './metrics.js';
import { Model, type ModelOptions } from './model.js';
import { describeModel } from './model-description.js';
import type { TrainingData } from './training-data.js';

/** The parts of a data set; the configuration says which training samples are for validation. */
export const splitNames = ['train', 'validation', 'test'] as const;
/** One of the parts of a data set. */
export type SplitName = (typeof splitNames)[number];

/** What to score weights on, and by what. */
export interface EvaluateOptions extends Pick<ModelOptions, 'backend' | 'threads' | 'source'> {
  readonly data: TrainingData;
  /** By default `test`. */
  readonly split?: SplitName;
}

/**
 * Scores saved weights on a part of the data.
 *
 * @throws {UserError} the weights are of another network, or there are no such samples
 */
export async function evaluate(
  config: Config,
  weights: ReadonlyMap<string, Tensor>,
  { data, split = 'test', ...options }: EvaluateOptions,
): Promise<Score> {
  const { samples, order } = partOf(data, split, config);
  const { batchSize, breakEven } = config;
  const model = await Model.create(describeModel(config, data), weights, {
    ...options,
    batchSize,
    breakEven,
  });
  try {
    return await model.evaluate(samples, order);
  } finally {
    model.close();
  }
}

/** Some of a set of samples, by their numbers. */
export interface SamplePart {
  readonly samples: Samples;
  readonly order: Int32Array;
}

/**
 * A part of the data, as a configuration splits them.
 *
 * @throws {UserError} there are no such samples
 */
export function partOf(
  { train, test }: TrainingData,
  split: SplitName,
  { validation, seed }: Pick<Config, 'validation' | 'seed'>,
): SamplePart {
  if (split === 'test') {
    if (!test) throw new UserError('test: the data have no such samples');
    return { samples: test, order: ascending(test.count) };
  }
  if (isBatchSource(train)) {
    throw new UserError(`${split}: samples that are made batch by batch cannot be scored`);
  }
  const order = parted(train, validation, seed)[split];
  if (order.length === 0) throw new UserError(`${split}: the data have no such samples`);
  return { samples: train, order };
}
