import { mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { fileError, UserError } from '@bregman/core/files';

/**
 * Makes a folder with those above it, where they are missing.
 *
 * Not by Node's own `recursive`: where a folder exists and still nothing can be made in it, as in
 * `/proc`, that turns in circles for ever (Node 20 to 24), in a thread that no Ctrl-C ends.
 *
 * @throws {UserError} a file is in the way, or the place allows none
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    const missing = await missingFolders(resolve(path));
    if (missing.length === 0 && !(await isFolder(path))) throw inTheWay();
    for (const folder of missing) await makeOne(folder);
  } catch (error) {
    throw fileError(error, 'write', path);
  }
}

/** Which of a folder and those above it are not there, from the top. */
async function missingFolders(path: string): Promise<string[]> {
  const missing: string[] = [];
  for (let at = path; !(await exists(at)); at = dirname(at)) missing.unshift(at);
  return missing;
}

async function makeOne(folder: string): Promise<void> {
  try {
    await mkdir(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Another process may have been faster.
    if (code === 'EEXIST' && (await isFolder(folder))) return;
    if (code !== 'ENOENT') throw error;
    const problem = `${dirname(folder)} takes no new folders`;
    throw new UserError(`cannot write ${folder}: ${problem}`, { cause: error });
  }
}

/** What the system says where something else has the name. */
function inTheWay(): NodeJS.ErrnoException {
  return Object.assign(new Error('it is no folder'), { code: 'EEXIST' });
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    if (isMissing && dirname(path) !== path) return false;
    throw error;
  }
}

function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
