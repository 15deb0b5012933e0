import { readdir, stat } from 'node:fs/promises';
import type { Dataset } from '@bregman/core/data';
import { fileError, quoted, UserError } from '@bregman/core/files';
import { loadCifar10 } from './cifar10.js';
import { loadFashionMnist } from './fashion-mnist.js';
import { loadIdxFolder } from './idx-folder.js';
import { loadImageFolder } from './image-folder.js';
import type { LoadOptions } from './locate.js';
import { loadMnist } from './mnist.js';

const loaders = {
  mnist: loadMnist,
  'fashion-mnist': loadFashionMnist,
  cifar10: loadCifar10,
} satisfies Record<string, (options: LoadOptions) => Promise<Dataset>>;

/** The names that {@link loadDataset} knows. */
export const datasetNames = Object.keys(loaders) as readonly (keyof typeof loaders)[];

/** Whether the catalogue knows this name; else it is the path of a folder. */
export function isDatasetName(name: string): boolean {
  return Object.hasOwn(loaders, name);
}

/**
 * Loads a data set by its name in the catalogue, or a folder by its path: one of IDX files, or one of
 * images. A name goes before a folder of the same name; `./name` means the folder.
 *
 * @throws {UserError} there is no such set or folder, or its files are damaged or unreachable.
 */
export async function loadDataset(nameOrPath: string, options: LoadOptions = {}): Promise<Dataset> {
  const name = datasetNames.find((known) => known === nameOrPath);
  if (name) return loaders[name](options);
  const isFolder = await stat(nameOrPath).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (isFolder) return loadFolder(nameOrPath, options);
  const choices = `${datasetNames.join(', ')} or the path of a folder of IDX files or images`;
  throw new UserError(`no data set or folder ${quoted(nameOrPath)}: give ${choices}`);
}

/** Loads a folder as what its files say it is. */
async function loadFolder(folder: string, options: LoadOptions): Promise<Dataset> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error) => {
    throw fileError(error, 'read', folder);
  });
  if (entries.some(({ name }) => /idx[13]-ubyte/.test(name))) return loadIdxFolder(folder);
  if (entries.some((entry) => !entry.isFile())) return loadImageFolder(folder, options);
  throw new UserError(
    `${folder}: it holds neither IDX files (train-images-idx3-ubyte, …) nor folders of images`,
  );
}
