import { type Dataset, type LoadOptions, loadDataset } from '../data/index.js';
import type { Config } from './config.js';

/**
 * The data that a configuration names.
 *
 * @throws {UserError} there is no such set, or its files are damaged or unreachable
 */
export function loadTrainingData(
  { data, dataDir, seed }: Pick<Config, 'data' | 'dataDir' | 'seed'>,
  options: Omit<LoadOptions, 'dir' | 'seed'> = {},
): Promise<Dataset> {
  return loadDataset(data, { ...options, seed, dir: dataDir ?? undefined });
}
