import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { decodeSafetensors, type Tensor, UserError } from '@bregman/core/files';
import type { Config } from '@bregman/core/train';
import { readBytes } from '../files/index.js';
import { readConfig, runFiles } from './run-directory.js';

/** Saved weights. */
export interface Model {
  /** The weights' file. */
  readonly file: string;
  /** The run that they were asked for by, if it was a run. */
  readonly run?: string;
  readonly weights: ReadonlyMap<string, Tensor>;
}

/**
 * The weights of a run's last checkpoint, or of a safetensors file.
 *
 * @throws {UserError} the file is missing or damaged
 */
export async function loadModel(runOrFile: string): Promise<Model> {
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
  const { tensors } = decodeSafetensors(await readBytes(file), file);
  return { file, weights: tensors, ...(isRun && { run: runOrFile }) };
}

/**
 * The configuration beside a model's weights.
 *
 * @throws {UserError} there is none, or it is damaged
 */
export async function loadModelConfig({ file }: Model): Promise<Config> {
  const folder = dirname(file);
  if (!existsSync(join(folder, runFiles.config))) {
    throw new UserError(
      `${file}: there is no ${runFiles.config} beside it to say what network and data it is of`,
    );
  }
  return readConfig(folder);
}
