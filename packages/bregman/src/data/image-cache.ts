import { createHash } from 'node:crypto';
import { realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeIdx, type IdxArray } from '@bregman/core/data';
import { fileError, UserError } from '@bregman/core/files';
import { makeFolder, readBytes, writeAtomic } from '../files/index.js';
import { forEachBounded } from './bounded.js';
import { cacheFolder } from './cache.js';

/** To be raised when the same files shall be decoded differently. */
const VERSION = 1;
const RANK = 4;
const SUM_BYTES = 32;

/**
 * The decoded images of a folder: from the user's cache, if the list of files with their sizes and
 * times is as it was when they were decoded, else by `decode`, whose result is kept. One file a
 * folder, `images/HASH.idx` in {@link cacheFolder}: the images as an IDX file, then a SHA-256 of
 * that and the list. A damaged cache is made anew; one that cannot be written is done without.
 *
 * @param paths inside `folder`.
 * @throws {UserError} a file is missing; what `decode` throws.
 */
export async function cachedImages(
  folder: string,
  paths: readonly string[],
  decode: () => Promise<IdxArray>,
): Promise<IdxArray> {
  const key = await describe(folder, paths);
  const directory = join(cacheFolder(), 'images');
  const name = createHash('sha256').update(await realpath(folder));
  const file = join(directory, `${name.digest('hex').slice(0, 32)}.idx`);
  const cached = await read(file, key);
  if (cached) return cached;

  const images = await decode();
  // Not a UserError is a bug or an abort.
  try {
    await makeFolder(directory);
    await writeAtomic(file, encode(images, key));
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
  }
  return images;
}

/** What must not have changed: every path with its size in bytes and its time in milliseconds. */
async function describe(folder: string, paths: readonly string[]): Promise<string> {
  const lines = new Array<string>(paths.length);
  await forEachBounded(paths.length, 32, async (i) => {
    const path = join(folder, paths[i]);
    const { size, mtimeMs } = await stat(path).catch((error) => {
      throw fileError(error, 'read', path);
    });
    lines[i] = JSON.stringify([paths[i], size, mtimeMs]);
  });
  return `${VERSION}\n${lines.join('\n')}`;
}

async function read(file: string, key: string): Promise<IdxArray | undefined> {
  try {
    const bytes = await readBytes(file);
    const end = bytes.length - SUM_BYTES;
    const content = bytes.subarray(0, Math.max(0, end));
    if (!checksum(content, key).equals(bytes.subarray(end))) return undefined;
    return decodeIdx(content, file, RANK);
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

function encode({ shape, data }: IdxArray, key: string): Uint8Array {
  const start = 4 + 4 * RANK;
  const bytes = new Uint8Array(start + data.length + SUM_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set([0, 0, 8, RANK]);
  for (const [i, extent] of shape.entries()) view.setUint32(4 + 4 * i, extent);
  bytes.set(data, start);
  const content = bytes.subarray(0, start + data.length);
  bytes.set(checksum(content, key), content.length);
  return bytes;
}

function checksum(content: Uint8Array, key: string): Buffer {
  return createHash('sha256').update(key).update(content).digest();
}
