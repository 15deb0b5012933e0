import { type Dataset, type LoadOptions, loadDataset } from '../data/index.js';
import type { Config } from './config.js';

/**
 * The data that a configuration names.
 *
 * @throws {UserError} there is no such set, or its files are damaged or unreachable
 */
export function loadTrainingData(
  { data, dataDir }: Pick<Config, 'data' | 'dataDir'>,
  options: Omit<LoadOptions, 'dir'> = {},
): Promise<Dataset> {
  return loadDataset(data, { ...options, dir: dataDir ?? undefined });
}
