import { UserError } from '../files/errors.js';
import type { Tensor } from '../files/safetensors.js';
import { buildTrainer } from './build-trainer.js';
import type { Config } from './config.js';
import type { Score } from './metrics.js';
import { type BackendOptions, openBackend } from './open-backend.js';
import type { Trainer } from './trainer.js';
import type { TrainingData } from './training-data.js';
import { writeWeights } from './weights.js';

/** The parts of a data set; the configuration says which training samples are for validation. */
export const splitNames = ['train', 'validation', 'test'] as const;
export type SplitName = (typeof splitNames)[number];

export interface EvaluateOptions extends BackendOptions {
  readonly data: TrainingData;
  /** By default `test`. */
  readonly split?: SplitName;
  /** By default as many as the machine runs at once. */
  readonly threads?: number;
  /** What messages about the weights begin with, such as their path. */
  readonly source?: string;
}

/**
 * Scores saved weights on a part of the data.
 *
 * @throws {UserError} the weights are of another network, or there are no such samples
 */
export async function evaluate(
  config: Config,
  weights: ReadonlyMap<string, Tensor>,
  { data, split = 'test', backend: wanted, threads, source }: EvaluateOptions,
): Promise<Score> {
  const { backend, close } = await openBackend({ backend: wanted, threads });
  try {
    const trainer = await buildTrainer(backend, config, data);
    writeWeights(trainer.network, weights, source);
    const score = await scoreOn(trainer, split);
    if (!score) throw new UserError(`${split}: ${config.data} has no such samples`);
    return score;
  } finally {
    close();
  }
}

function scoreOn(trainer: Trainer, split: SplitName): Promise<Score | undefined> {
  switch (split) {
    case 'train':
      return trainer.scoreTraining();
    case 'validation':
      return trainer.scoreValidation();
    case 'test':
      return trainer.test();
  }
}
