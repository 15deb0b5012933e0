import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileError, quoted, UserError } from '@bregman/core/files';

/** The images of a folder and what the names say about them. */
interface ImageList {
  /** Sorted by name (by code units, whatever the language of the machine). */
  readonly classNames: readonly string[];
  /** Inside the folder, with `/`; those for training first, then by class, then by name. */
  readonly paths: readonly string[];
  /** The class of each. */
  readonly labels: readonly number[];
  /** How many are for training; absent where the folder does not part them. */
  readonly trainCount?: number;
}

const IMAGE = /\.(png|jpe?g|webp)$/i;
const KINDS = '.png, .jpg, .jpeg or .webp';

/**
 * Lists `train/CLASS/*` and `test/CLASS/*`, or `CLASS/*` where there is no such pair. Images are the
 * files that end as images do, in upper or lower case, directly inside their class; all other files,
 * deeper folders and hidden ones (`.name`) are passed over.
 *
 * @throws {UserError} no images, only one class, a class without images, or different classes for
 *   training and test.
 */
export async function listImages(folder: string): Promise<ImageList> {
  const top = await subfolders(folder);
  const parted = top.includes('train') && (await subfolders(join(folder, 'train'))).length > 0;
  if (!parted) return listClasses(folder, '');

  if (!top.includes('test')) {
    const advice = `add it, or load ${join(folder, 'train')} to have test images taken from it`;
    throw new UserError(`${folder}: there is train/CLASS, but no folder test beside it: ${advice}`);
  }
  const train = await listClasses(folder, 'train/');
  const test = await listClasses(folder, 'test/');
  const compare = (one: ImageList, other: ImageList, names: readonly [string, string]) => {
    const odd = one.classNames.find((name) => !other.classNames.includes(name));
    if (odd === undefined) return;
    throw new UserError(
      `${folder}: class ${quoted(odd)} is in ${names[0]}/, but not in ${names[1]}/`,
    );
  };
  compare(train, test, ['train', 'test']);
  compare(test, train, ['test', 'train']);
  return {
    classNames: train.classNames,
    paths: [...train.paths, ...test.paths],
    labels: [...train.labels, ...test.labels],
    trainCount: train.paths.length,
  };
}

/** Whether {@link listImages} finds what it needs. */
export function isImageFolder(folder: string): Promise<boolean> {
  return listImages(folder).then(
    () => true,
    (error) => {
      if (error instanceof UserError) return false;
      throw error;
    },
  );
}

async function listClasses(folder: string, prefix: string): Promise<ImageList> {
  const where = join(folder, prefix);
  const classNames = await subfolders(where);
  const paths: string[] = [];
  const labels: number[] = [];
  let empty: string | undefined;
  for (const [label, name] of classNames.entries()) {
    const images = (await entries(join(where, name)))
      .filter((entry) => !entry.isDirectory() && IMAGE.test(entry.name))
      .map((entry) => entry.name)
      .sort();
    if (images.length === 0) empty ??= name;
    for (const image of images) {
      paths.push(`${prefix}${name}/${image}`);
      labels.push(label);
    }
  }
  if (paths.length === 0) {
    throw new UserError(`${where}: no images: it needs folders CLASS with ${KINDS} files in them`);
  }
  if (classNames.length === 1) {
    throw new UserError(
      `${where}: only one class, ${quoted(classNames[0])}: it takes at least two`,
    );
  }
  if (empty !== undefined) {
    throw new UserError(`${where}: class ${quoted(empty)} has no images (${KINDS} files)`);
  }
  return { classNames, paths, labels };
}

/** The folders in a folder, sorted; a link to a folder counts as one. */
async function subfolders(folder: string): Promise<string[]> {
  const names: string[] = [];
  for (const entry of await entries(folder)) {
    const isFolder = entry.isSymbolicLink()
      ? await stat(join(folder, entry.name)).then(
          (target) => target.isDirectory(),
          () => false,
        )
      : entry.isDirectory();
    if (isFolder) names.push(entry.name);
  }
  return names.sort();
}

/** What is in a folder but for hidden things. */
async function entries(folder: string) {
  try {
    const found = await readdir(folder, { withFileTypes: true });
    return found.filter(({ name }) => !name.startsWith('.'));
  } catch (error) {
    throw fileError(error, 'read', folder);
  }
}
