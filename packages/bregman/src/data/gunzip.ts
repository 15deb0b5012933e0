import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { UserError } from '@bregman/core/files';
import { readBytes } from '../files/disk.js';

/**
 * The content of a file, decompressed if it begins as gzip does.
 *
 * @param maxBytes the most it may decompress to: a stop for decompression bombs.
 * @throws {UserError} the file is unreadable, damaged or too large.
 */
export async function readUnzipped(path: string, maxBytes: number): Promise<Uint8Array> {
  const bytes = await readBytes(path);
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;

  // A gzip file ends with its decompressed size: with one chunk of that size zlib need not join many.
  const size = bytes.length < 18 ? 0 : new DataView(bytes.buffer).getUint32(bytes.length - 4, true);
  const chunkSize = Math.max(64, Math.min(size, maxBytes) + 1);
  try {
    return await promisify(gunzip)(bytes, { chunkSize, maxOutputLength: maxBytes });
  } catch (error) {
    const tooLarge = error instanceof RangeError;
    const problem = tooLarge
      ? `it decompresses to more than ${maxBytes} bytes`
      : 'damaged or cut off';
    throw new UserError(`${path}: cannot decompress: ${problem}`, { cause: error });
  }
}
