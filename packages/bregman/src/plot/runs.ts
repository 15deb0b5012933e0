import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { decodeSafetensors, type Tensor, UserError } from '@bregman/core/files';
import type { Config, EpochMetrics, Summary } from '@bregman/core/train';
import { readBytes } from '../files/index.js';
import { readConfig, readMetrics, readSummary, runFiles } from '../runs/index.js';

/** What there is to draw of a run. */
export interface PlottedRun {
  /** Its folder's name; its path where two have the same name. */
  readonly label: string;
  readonly config: Config;
  /** One or more. */
  readonly metrics: readonly EpochMetrics[];
  /** Missing while the run has not come to its end. */
  readonly summary?: Summary;
  /** Of the last checkpoint, if there is one. */
  readonly weights?: ReadonlyMap<string, Tensor>;
}

/**
 * Reads run directories, finished or not. One that is damaged is left out, one whose weights are
 * goes without them.
 *
 * @param paths of the folders
 * @returns the runs, and for each problem a line that names the file
 */
export async function readRuns(
  paths: readonly string[],
): Promise<{ runs: PlottedRun[]; problems: string[] }> {
  const names = paths.map((path) => basename(resolve(path)));
  const runs: PlottedRun[] = [];
  const problems: string[] = [];
  for (const [i, path] of paths.entries()) {
    const isOnly = names.indexOf(names[i]) === names.lastIndexOf(names[i]);
    const run = await orProblem(problems, () => readRun(path, isOnly ? names[i] : path));
    const weights = run && (await orProblem(problems, () => readWeights(path)));
    if (run) runs.push({ ...run, ...(weights && { weights }) });
  }
  return { runs, problems };
}

async function readRun(path: string, label: string): Promise<PlottedRun> {
  const config = await readConfig(path);
  const metrics = await readMetrics(path);
  if (metrics.length === 0) throw new UserError(`${path}: no epoch has come to its end yet`);
  const summary = await readSummary(path);
  return { label, config, metrics, ...(summary && { summary }) };
}

async function readWeights(path: string): Promise<ReadonlyMap<string, Tensor> | undefined> {
  const file = join(path, runFiles.last);
  return existsSync(file) ? decodeSafetensors(await readBytes(file), file).tensors : undefined;
}

/** What was read, or nothing and a line more among the problems. */
async function orProblem<T>(problems: string[], read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    problems.push(error.message);
    return undefined;
  }
}
