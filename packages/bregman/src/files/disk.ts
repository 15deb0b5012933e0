import { randomUUID } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { fileError } from '@bregman/core/files';

/**
 * The whole content of a file, in memory of its own.
 *
 * @throws {UserError} the file is missing, unreadable or larger than 2 GiB.
 */
export async function readBytes(path: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const { buffer, byteOffset, byteLength } = await readFile(path);
    return new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
  } catch (error) {
    throw fileError(error, 'read', path);
  }
}

/** The content of a file: bytes, pieces of bytes one after the other, or text. */
export type FileContent = Uint8Array | readonly Uint8Array[] | string;

/**
 * Writes a whole file or nothing: the data go to a temporary name beside `path`, reach the disk, and
 * are then renamed, so that a crash or a full disk leaves the old file untouched. (Of a process
 * killed meanwhile, a file `….tmp` remains.)
 *
 * Not by way of `write-file-atomic` 7.0.1: it ignores a short write, so on a disk that fills up it
 * moves a truncated file into place and reports success.
 *
 * @throws {UserError} the disk is full, or the folder missing or read-only.
 */
export async function writeAtomic(path: string, data: FileContent): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    await writeFile(temporary, data, { flag: 'wx', flush: true });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw fileError(error, 'write', path);
  }
}
