import { type Dataset, type LoadOptions, loadDataset, restoration, subset } from '../data/index.js';
import type { Config } from './config.js';

/**
 * The data that a configuration names: the set, of it so many samples, made into a task.
 *
 * @throws {UserError} there is no such set, its files are damaged or unreachable, or it does not fit
 *   the task
 */
export async function loadTrainingData(
  {
    data,
    dataDir,
    seed,
    samples,
    task,
  }: Pick<Config, 'data' | 'dataDir' | 'seed' | 'samples' | 'task'>,
  options: Omit<LoadOptions, 'dir' | 'seed'> = {},
): Promise<Dataset> {
  const all = await loadDataset(data, { ...options, seed, dir: dataDir ?? undefined });
  const taken = samples ? subset(all, samples, seed) : all;
  return task ? restoration(taken, task, seed) : taken;
}
