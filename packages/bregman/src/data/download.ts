import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileError, UserError } from '@bregman/core/files';
import { makeFolder } from '../files/index.js';

/** A file of a data set as its authors publish it. */
export interface RemoteFile {
  readonly name: string;
  readonly url: string;
  /** Exact size. */
  readonly bytes: number;
  /** SHA-256 in lower-case hexadecimal digits. */
  readonly sha256: string;
}

/** Watching and stopping a download. */
export interface DownloadOptions {
  /** Called with the bytes on disk so far and the bytes in all. */
  readonly onProgress?: ((received: number, total: number) => void) | undefined;
  /** Stops the download, which rejects with the signal's reason; the next one goes on from there. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Downloads a file into a folder, created if need be. The data collect in `NAME.part`, where a broken
 * download goes on the next time, and get their name only when the checksum agrees.
 *
 * @returns the path of the file.
 * @throws {UserError} no connection, an error of the server, a wrong checksum, a full disk.
 */
export async function download(
  file: RemoteFile,
  folder: string,
  { onProgress, signal }: DownloadOptions = {},
): Promise<string> {
  const target = join(folder, file.name);
  const part = `${target}.part`;
  const fail = (problem: string, options?: ErrorOptions): never => {
    throw new UserError(`cannot download ${file.url}: ${problem}`, options);
  };
  const discard = async (problem: string) => {
    await rm(part, { force: true });
    fail(`${problem}; run again to start afresh`);
  };

  try {
    await makeFolder(folder);
    let received = await stat(part).then(
      ({ size }) => size,
      () => 0,
    );
    if (received !== file.bytes) {
      // Decoding on the way would break both sizes and checksum.
      const headers: Record<string, string> = { 'accept-encoding': 'identity' };
      if (received > 0) headers.range = `bytes=${received}-`;
      const response = await fetch(file.url, { headers, signal: signal ?? null });
      if (response.status === 416) await discard('the server has no more than what is here');
      if (!response.ok) {
        const answer = `${response.status} ${response.statusText}`;
        fail(`the server answers ${answer}; try again later, or put the file into ${folder}`);
      }
      // A server may ignore the range and send everything.
      if (response.status !== 206) received = 0;
      onProgress?.(received, file.bytes);
      const body = response.body ?? [];
      await pipeline(
        async function* counted() {
          for await (const chunk of body) {
            received += chunk.length;
            if (received > file.bytes) return;
            onProgress?.(received, file.bytes);
            yield chunk;
          }
        },
        createWriteStream(part, { flags: received > 0 ? 'a' : 'w' }),
      );
      if (received > file.bytes) await discard(`more than the ${file.bytes} bytes expected`);
      if (received < file.bytes) {
        fail(`only ${received} of ${file.bytes} bytes came; run again to go on`);
      }
    }
    if ((await sha256(part)) !== file.sha256) await discard('the checksum is wrong');
    await rename(part, target);
    return target;
  } catch (error) {
    // fetch reports every trouble of the network as a TypeError with a cause.
    if (error instanceof TypeError && error.cause instanceof Error) {
      const { cause } = error;
      const reason = 'code' in cause ? cause.code : cause.message;
      const advice = `run again to go on, or put the file into ${folder}`;
      return fail(`connection failed (${reason}); ${advice}`, { cause });
    }
    throw fileError(error, 'write', part);
  }
}

/** The SHA-256 of a file in lower-case hexadecimal digits. */
export async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
