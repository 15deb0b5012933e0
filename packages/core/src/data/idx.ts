import { UserError } from '../files/errors.js';

/** An array of bytes from an IDX file, row-major. */
export interface IdxArray {
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

const UNSIGNED_BYTE = 0x08;

/**
 * Reads an IDX file of unsigned bytes, the format of MNIST: two zero bytes, the element type, the
 * number of dimensions, each extent as a big-endian 32-bit number, then the data.
 *
 * @param bytes the whole file, decompressed; the result is a view of it, not a copy.
 * @param path names the file in errors.
 * @param rank the number of dimensions wanted: 3 for images, 1 for labels.
 * @throws {UserError} the file is no IDX file, cut off, too long, empty, or of another type or rank.
 */
export function decodeIdx(bytes: Uint8Array, path: string, rank: number): IdxArray {
  const fail = (problem: string): never => {
    throw new UserError(`${path}: ${problem}`);
  };

  const start = 4 + 4 * rank;
  if (bytes.length < 4) fail(`not an IDX file: it has only ${bytes.length} bytes`);
  if (bytes[0] !== 0 || bytes[1] !== 0) fail('not an IDX file: bytes 0 and 1 are not zero');
  if (bytes[2] !== UNSIGNED_BYTE) {
    fail(`byte 2 gives element type ${bytes[2]}; only type ${UNSIGNED_BYTE}, bytes, can be read`);
  }
  if (bytes[3] !== rank) fail(`byte 3 gives ${bytes[3]} dimensions where ${rank} are needed`);
  if (bytes.length < start)
    fail(`cut off: the header alone takes ${start} bytes of ${bytes.length}`);

  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  const size = shape.reduce((product, extent) => product * extent, 1);
  if (size === 0) fail(`it is empty: its header at byte 4 gives ${shape.join(' × ')} values`);
  if (bytes.length < start + size) {
    fail(
      `cut off: ${bytes.length} bytes of the ${start + size} its header gives (${shape.join(' × ')})`,
    );
  }
  if (bytes.length > start + size) {
    fail(
      `${bytes.length - start - size} bytes too many after the data end at byte ${start + size}`,
    );
  }
  return { shape, data: new Uint8Array(bytes.buffer, bytes.byteOffset + start, size) };
}
