import { resolve } from 'node:path';
import { UserError } from '@bregman/core/files';
import {
  type Config,
  evaluate,
  Model,
  type ModelDescription,
  partOf,
  type Score,
  type SplitName,
} from '@bregman/core/train';
import {
  type Dataset,
  isDatasetName,
  isImageFolder,
  type LoadOptions,
  loadDataset,
  relabeled,
  restoration,
} from '../data/index.js';
import { loadTrainingData } from './data.js';
import { describeStored, findModelConfig, loadModel, type StoredModel } from './model.js';

/** What to score a model on. */
export interface EvaluationOptions extends Omit<LoadOptions, 'dir' | 'seed'> {
  /**
   * The name of a data set, or a folder: where the files of the run's own set are, or other data. By default
   * the run's own data as its configuration says, or the set of the catalogue that the model was trained on.
   */
  readonly data?: string;
  /** By default `test`. Only a run's folder says which samples were held back for validation. */
  readonly split?: SplitName;
  /** By default as many as the machine runs at once. */
  readonly threads?: number;
}

/**
 * Scores a run's last checkpoint, or the model of a safetensors file.
 *
 * @throws {UserError} files are missing or damaged, or the data do not fit the model
 */
export async function evaluateModel(
  runOrFile: string,
  { data, split = 'test', threads, ...load }: EvaluationOptions = {},
): Promise<Score> {
  const stored = await loadModel(runOrFile);
  const config = await findModelConfig(stored);
  const options = { source: stored.file, ...(threads !== undefined && { threads }) };
  const own = config && (await onOwnData(config, data));
  if (own) {
    const ownData = await loadTrainingData(own, load);
    return evaluate(own, stored.weights, { ...options, data: ownData, split });
  }
  const description = await describeStored(stored, load);
  const others = await loadOthers(stored, description, data, load);
  const { samples, order } = partOf(taskOf(others, description), split, config ?? unsplit);
  const model = await Model.create(description, stored.weights, options);
  try {
    return await model.evaluate(named(others, samples, description), order);
  } finally {
    model.close();
  }
}

const unsplit = { validation: 0, seed: 0 };

/** The configuration with the place of its own data; undefined where the data given are others. */
async function onOwnData(config: Config, given: string | undefined): Promise<Config | undefined> {
  if (given === undefined || given === config.data) return config;
  const isOwn = await holdsFilesOf(config.data, given);
  return isOwn ? { ...config, dataDir: resolve(given) } : undefined;
}

/** Whether a folder may hold the files of a set of the catalogue. */
async function holdsFilesOf(name: string, given: string): Promise<boolean> {
  return isDatasetName(name) && !isDatasetName(given) && !(await isImageFolder(given));
}

async function loadOthers(
  { file }: StoredModel,
  { data: trainedOn = '' }: ModelDescription,
  given: string | undefined,
  load: LoadOptions,
): Promise<Dataset> {
  if (given !== undefined) {
    const isOwn = await holdsFilesOf(trainedOn, given);
    return isOwn ? loadDataset(trainedOn, { ...load, dir: given }) : loadDataset(given, load);
  }
  if (isDatasetName(trainedOn)) return loadDataset(trainedOn, load);
  const origin = trainedOn ? `it was trained on ${trainedOn}; ` : '';
  throw new UserError(`${file}: ${origin}say which data to score it on (--data)`);
}

function taskOf(data: Dataset, { task }: ModelDescription): Dataset {
  return task ? restoration(data, task, 0) : data;
}

/** Samples whose labels are the model's. */
function named(
  { classNames: from, name }: Dataset,
  samples: Dataset['test'],
  { classNames: to }: ModelDescription,
): Dataset['test'] {
  return from && to ? relabeled(samples, from, to, name) : samples;
}
