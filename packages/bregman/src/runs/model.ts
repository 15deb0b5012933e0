import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Tensor, UserError } from '@bregman/core/files';
import {
  type Config,
  decodeModel,
  describeModel,
  Model,
  type ModelDescription,
  type ModelOptions,
} from '@bregman/core/train';
import type { LoadOptions } from '../data/index.js';
import { readBytes } from '../files/index.js';
import { loadTrainingData } from './data.js';
import { readConfig, runFiles } from './run-directory.js';

/** A model as it lies on the disk. */
export interface StoredModel {
  /** The weights' file. */
  readonly file: string;
  /** The run that they were asked for by, if it was a run. */
  readonly run?: string;
  readonly weights: ReadonlyMap<string, Tensor>;
  /** What the file says about them; earlier versions and other programs write nothing. */
  readonly description?: ModelDescription;
}

/**
 * The model of a run's last checkpoint, or of a safetensors file.
 *
 * @throws {UserError} the file is missing or damaged
 */
export async function loadModel(runOrFile: string): Promise<StoredModel> {
  const isRun = await stat(runOrFile).then(
    (found) => found.isDirectory(),
    () => false,
  );
  const file = isRun ? join(runOrFile, runFiles.last) : runOrFile;
  if (isRun && !existsSync(file)) {
    if (existsSync(join(runOrFile, runFiles.config))) await readConfig(runOrFile);
    throw new UserError(
      `${runOrFile}: there is no ${runFiles.last} (no run, or no checkpoint yet)`,
    );
  }
  return { file, ...(isRun && { run: runOrFile }), ...decodeModel(await readBytes(file), file) };
}

/**
 * The configuration beside a model's weights.
 *
 * @throws {UserError} it is damaged
 */
export async function findModelConfig({ file }: StoredModel): Promise<Config | undefined> {
  const folder = dirname(file);
  return existsSync(join(folder, runFiles.config)) ? readConfig(folder) : undefined;
}

/**
 * The configuration beside a model's weights.
 *
 * @throws {UserError} there is none, or it is damaged
 */
export async function loadModelConfig(model: StoredModel): Promise<Config> {
  const config = await findModelConfig(model);
  if (config) return config;
  throw new UserError(
    `${model.file}: there is no ${runFiles.config} beside it to say what network and data it is of`,
  );
}

/**
 * What a model is, by its file. Where that says nothing, for an earlier version wrote it, the run's
 * configuration and its data do.
 *
 * @throws {UserError} neither says it
 */
export async function describeStored(
  model: StoredModel,
  options: LoadOptions = {},
): Promise<ModelDescription> {
  if (model.description) return model.description;
  const config = await loadModelConfig(model);
  return describeModel(config, await loadTrainingData(config, options));
}

/**
 * Opens the model of a run's last checkpoint, or of a safetensors file that bregman wrote. It needs no data
 * set; only the runs of earlier versions do.
 *
 * @throws {UserError} the file is missing or damaged, or says nothing about its network
 */
export async function openModelFile(
  runOrFile: string,
  { threads, batchSize, ...load }: Pick<ModelOptions, 'threads' | 'batchSize'> & LoadOptions = {},
): Promise<Model> {
  const stored = await loadModel(runOrFile);
  return Model.create(await describeStored(stored, load), stored.weights, {
    source: stored.file,
    ...(threads !== undefined && { threads }),
    ...(batchSize !== undefined && { batchSize }),
  });
}
