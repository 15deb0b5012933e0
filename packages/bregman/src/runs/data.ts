import { UserError } from '@bregman/core/files';
import { ConfigError } from '@bregman/core/schema';
import type { Config } from '@bregman/core/train';
import { type Dataset, type LoadOptions, loadDataset, restoration, subset } from '../data/index.js';

type DataConfig = Pick<Config, 'data' | 'dataDir' | 'seed' | 'samples' | 'task'>;

/**
 * The data that a configuration names: the set, of it so many samples, made into a task.
 *
 * @throws {UserError} there is no such set, or its files are damaged or unreachable
 * @throws {ConfigError} the set has fewer samples, or does not fit the task
 */
export async function loadTrainingData(
  config: DataConfig,
  options: Omit<LoadOptions, 'dir' | 'seed'> = {},
): Promise<Dataset> {
  const { data, dataDir, seed } = config;
  const all = await loadDataset(data, { ...options, seed, dir: dataDir ?? undefined });
  return takeTrainingData(all, config);
}

/**
 * What a configuration takes of a set: so many samples, made into a task.
 *
 * @throws {ConfigError} there are fewer samples, or they do not fit the task
 */
export function takeTrainingData(
  all: Dataset,
  { seed, samples, task }: Pick<DataConfig, 'seed' | 'samples' | 'task'>,
): Dataset {
  try {
    const taken = samples ? subset(all, samples, seed) : all;
    return task ? restoration(taken, task, seed) : taken;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new ConfigError(error.message, { cause: error });
  }
}
