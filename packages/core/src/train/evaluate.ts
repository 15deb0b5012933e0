import { Engine } from '../engine/index.js';
import { UserError } from '../files/errors.js';
import type { Tensor } from '../files/safetensors.js';
import type { Config } from './config.js';
import type { Score } from './metrics.js';
import { Trainer } from './trainer.js';
import type { TrainingData } from './training-data.js';
import { writeWeights } from './weights.js';

/** The parts of a data set; the configuration says which training samples are for validation. */
export const splitNames = ['train', 'validation', 'test'] as const;
export type SplitName = (typeof splitNames)[number];

export interface EvaluateOptions {
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
  { data, split = 'test', threads, source }: EvaluateOptions,
): Promise<Score> {
  const engine = await Engine.create(threads === undefined ? {} : { threads });
  try {
    const trainer = new Trainer(engine, config, data);
    writeWeights(trainer.network, weights, source);
    const score = scoreOn(trainer, split);
    if (!score) throw new UserError(`${split}: ${config.data} has no such samples`);
    return score;
  } finally {
    engine.close();
  }
}

function scoreOn(trainer: Trainer, split: SplitName): Score | undefined {
  switch (split) {
    case 'train':
      return trainer.scoreTraining();
    case 'validation':
      return trainer.scoreValidation();
    case 'test':
      return trainer.test();
  }
}
