import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from './cache.js';
import { type DownloadOptions, download, type RemoteFile, sha256 } from './download.js';

/** Where to look for a data set, and how to watch its download and its decoding. */
export interface LoadOptions extends DownloadOptions {
  /** The folder that holds the files of the set; it goes before every other place. */
  readonly dir?: string | undefined;
  /** Chooses the test images of a folder that has none of its own; default 0. */
  readonly seed?: number | undefined;
  /** Called with the images decoded so far and the images in all. */
  readonly onDecode?: ((done: number, total: number) => void) | undefined;
}

/**
 * The folder that holds the files of a set: `dir`, taken as it is; else the user's cache, if every
 * file there has the right checksum; else an installed package, which answers for its own files;
 * else the cache after all, once what it lacks has been downloaded.
 *
 * @param name the folder inside the cache.
 * @param installed where packages put the files, under the same names.
 * @throws {UserError} a download fails.
 */
export async function locate(
  name: string,
  files: readonly RemoteFile[],
  installed: readonly string[],
  { dir, onProgress, signal }: LoadOptions = {},
): Promise<string> {
  if (dir) return dir;
  const cache = join(cacheFolder(), name);
  const sums = await Promise.all(
    files.map(({ name }) => sha256(join(cache, name)).catch(() => 'unreadable')),
  );
  const wanted = files.filter((file, i) => file.sha256 !== sums[i]);
  if (wanted.length === 0) return cache;
  const complete = (folder: string) => files.every(({ name }) => existsSync(join(folder, name)));
  const packaged = installed.find(complete);
  if (packaged) return packaged;

  const total = wanted.reduce((sum, { bytes }) => sum + bytes, 0);
  let done = 0;
  for (const file of wanted) {
    await download(file, cache, {
      onProgress: (received) => onProgress?.(done + received, total),
      signal,
    });
    done += file.bytes;
  }
  return cache;
}
