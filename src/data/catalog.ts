import { stat } from 'node:fs/promises';
import { quoted, UserError } from '../files/errors.js';
import { loadFashionMnist } from './fashion-mnist.js';
import { loadIdxFolder } from './idx-folder.js';
import type { LoadOptions } from './locate.js';
import { loadMnist } from './mnist.js';
import type { Dataset } from './samples.js';

const loaders = {
  mnist: loadMnist,
  'fashion-mnist': loadFashionMnist,
} satisfies Record<string, (options: LoadOptions) => Promise<Dataset>>;

/** The names that {@link loadDataset} knows. */
export const datasetNames = Object.keys(loaders) as readonly (keyof typeof loaders)[];

/**
 * Loads a data set by its name in the catalogue, or a folder of IDX files by its path. A name goes
 * before a folder of the same name; `./name` means the folder.
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
  if (isFolder) return loadIdxFolder(nameOrPath);
  const choices = `${datasetNames.join(', ')} or the path of a folder of IDX files`;
  throw new UserError(`no data set or folder ${quoted(nameOrPath)}: give ${choices}`);
}
