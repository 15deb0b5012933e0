import { quoted, UserError } from './errors.js';

/** A tensor in row-major order; `data` holds as many values as the product of `shape`. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** What a safetensors file holds. */
export interface Safetensors {
  /** By name, in the order of their data. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** The free-form strings under `__metadata__`, on an object without prototype. */
  readonly metadata: Readonly<Record<string, string>>;
}

const METADATA = '__metadata__';
/** The bound of the official library, too: a larger header is an attack, not a model. */
const MAX_HEADER_BYTES = 100_000_000;

/** Element types that can be read, each with its width and its conversion to float32. */
const DTYPES = {
  F32: { bytes: 4, read: (buffer: ArrayBufferLike) => new Float32Array(buffer) },
  F64: { bytes: 8, read: (buffer: ArrayBufferLike) => new Float32Array(new Float64Array(buffer)) },
  F16: {
    bytes: 2,
    read: (buffer: ArrayBufferLike) => Float32Array.from(new Uint16Array(buffer), halfToNumber),
  },
  // A bfloat16 is the upper half of a float32.
  BF16: {
    bytes: 2,
    read: (buffer: ArrayBufferLike) =>
      new Float32Array(Uint32Array.from(new Uint16Array(buffer), (bits) => bits << 16).buffer),
  },
} as const;

/** What a header says of a tensor. */
interface Entry {
  readonly name: string;
  readonly dtype: keyof typeof DTYPES;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [begin: number, end: number];
}

/**
 * The bytes of a safetensors file (https://github.com/huggingface/safetensors) with `tensors` as
 * little-endian float32 in the order of the map, the data aligned to 8 bytes.
 * `safetensors.torch.load_file` opens it.
 *
 * @throws {UserError} a shape that does not match its data, or a tensor named `__metadata__`.
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, Tensor>,
  metadata?: Readonly<Record<string, string>>,
): Uint8Array<ArrayBuffer> {
  const pieces = safetensorsPieces(tensors, metadata);
  const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let position = 0;
  for (const piece of pieces) {
    bytes.set(piece, position);
    position += piece.length;
  }
  return bytes;
}

/**
 * The same bytes in pieces, one after the other: the header, then each tensor's own memory, of which no copy is
 * made. To write them to a file takes no more memory than the tensors have.
 *
 * @throws {UserError} as `encodeSafetensors` does
 */
export function safetensorsPieces(
  tensors: ReadonlyMap<string, Tensor>,
  metadata?: Readonly<Record<string, string>>,
): readonly Uint8Array[] {
  const header: Record<string, unknown> = Object.create(null);
  if (metadata) header[METADATA] = metadata;
  let end = 0;
  for (const [name, { shape, data }] of tensors) {
    if (name === METADATA) {
      throw new UserError(`a tensor cannot be named ${METADATA}: the name is reserved`);
    }
    if (volume(shape) !== data.length) {
      throw new UserError(
        `tensor ${quoted(name)}: shape [${shape}] does not fit its ${data.length} values`,
      );
    }
    const begin = end;
    end += data.byteLength;
    header[name] = { dtype: 'F32', shape, data_offsets: [begin, end] };
  }

  const json = new TextEncoder().encode(JSON.stringify(header));
  const start = new Uint8Array(8 + Math.ceil(json.length / 8) * 8).fill(0x20);
  new DataView(start.buffer).setBigUint64(0, BigInt(start.length - 8), true);
  start.set(json, 8);
  const views = Array.from(
    tensors.values(),
    ({ data }) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  );
  return [start, ...views];
}

/**
 * Reads a safetensors file, treating it as hostile: every number is checked before it is used, and
 * the tensors must tile the data without gap or overlap.
 *
 * @param bytes the whole file; the tensors are copies and own their memory.
 * @param path names the file in errors.
 * @throws {UserError} the file breaks the format, or holds other than F32, F64, F16 or BF16 values.
 */
export function decodeSafetensors(bytes: Uint8Array, path: string): Safetensors {
  const fail: Fail = (problem) => {
    throw new UserError(`${path}: not a valid safetensors file: ${problem}`);
  };
  if (bytes.length < 8) fail(`it has ${bytes.length} bytes, the header length alone takes 8`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerBytes = view.getBigUint64(0, true);
  const announced = `byte 0 announces a header of ${headerBytes} bytes`;
  if (headerBytes > MAX_HEADER_BYTES) fail(`${announced}, more than ${MAX_HEADER_BYTES}`);
  const start = 8 + Number(headerBytes);
  if (start > bytes.length) fail(`${announced}, but the file ends at ${bytes.length}`);
  const { entries, metadata } = parseHeader(bytes.subarray(8, start), fail);

  const origin = bytes.byteOffset + start;
  const dataBytes = bytes.length - start;
  const tensors = new Map<string, Tensor>();
  let covered = 0;
  for (const { name, dtype, shape, data_offsets } of entries) {
    const [begin, end] = data_offsets;
    const where = `tensor ${quoted(name)}:`;
    const needed = volume(shape) * DTYPES[dtype].bytes;
    if (!Number.isSafeInteger(needed)) fail(`${where} its shape describes too many values`);
    if (begin > end || end > dataBytes) {
      fail(`${where} data_offsets ${begin} to ${end} lie outside the ${dataBytes} bytes of data`);
    }
    if (end - begin !== needed) {
      fail(`${where} shape and ${dtype} need ${needed} bytes, data_offsets give ${end - begin}`);
    }
    if (begin < covered) fail(`${where} its data at ${begin} overlap those of another tensor`);
    if (begin > covered) fail(`${where} data bytes ${covered} to ${begin} belong to no tensor`);
    covered = end;
    const data = DTYPES[dtype].read(bytes.buffer.slice(origin + begin, origin + end));
    tensors.set(name, { shape, data });
  }
  if (covered !== dataBytes) fail(`data bytes ${covered} to ${dataBytes} belong to no tensor`);
  return { tensors, metadata };
}

type Fail = (problem: string) => never;

/** The entries of a header in the order of their data, each well formed in itself. */
function parseHeader(bytes: Uint8Array, fail: Fail) {
  const text = decodeUtf8(bytes) ?? fail('the header at byte 8 is not UTF-8');
  if (!text.startsWith('{')) fail('the header at byte 8 does not begin with {');
  const header = parseObject(text) ?? fail('the header at byte 8 is not valid JSON');

  const metadata: Record<string, string> = Object.create(null);
  const entries: Entry[] = [];
  for (const [name, value] of Object.entries(header)) {
    if (name === METADATA) {
      if (!isObject(value) || !Object.values(value).every((each) => typeof each === 'string')) {
        fail(`${METADATA} must be an object of strings`);
      }
      Object.assign(metadata, value);
    } else {
      entries.push(readEntry(name, value, fail));
    }
  }
  // JSON.parse keeps the last of two equal keys in silence, so the keys of the text are counted.
  const distinct = Object.keys(header).length + 3 * entries.length + Object.keys(metadata).length;
  if (countKeys(text) !== distinct) fail('a key of the header occurs twice');

  // An empty tensor shares its begin with the tensor after it.
  entries.sort(({ data_offsets: a }, { data_offsets: b }) => a[0] - b[0] || a[1] - b[1]);
  return { entries, metadata };
}

/** An entry with its parts checked one by one; none of the file's text is printed unescaped. */
function readEntry(name: string, value: unknown, fail: Fail): Entry {
  const where = `tensor ${quoted(name)}:`;
  const parts = isObject(value) ? new Map<string, unknown>(Object.entries(value)) : new Map();
  const [dtype, shape, offsets] = ['dtype', 'shape', 'data_offsets'].map((key) => parts.get(key));
  if (parts.size !== 3 || [dtype, shape, offsets].includes(undefined)) {
    fail(`${where} must be an object of exactly dtype, shape and data_offsets`);
  }
  if (typeof dtype !== 'string') return fail(`${where} dtype must be a string`);
  if (!isKnown(dtype)) {
    const known = Object.keys(DTYPES).join(', ');
    return fail(`${where} dtype ${quoted(dtype)} cannot be read; only ${known} can`);
  }
  if (!areCounts(shape)) {
    return fail(`${where} shape must be a list of whole numbers from 0 to 2^53 - 1`);
  }
  if (!areCounts(offsets) || offsets.length !== 2) {
    return fail(`${where} data_offsets must be two whole numbers, begin and end`);
  }
  return { name, dtype, shape, data_offsets: [offsets[0], offsets[1]] };
}

function isKnown(dtype: string): dtype is keyof typeof DTYPES {
  return Object.hasOwn(DTYPES, dtype);
}

function areCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((each) => Number.isSafeInteger(each) && each >= 0);
}

/** Number of values of a shape; NaN where an extent or a product is no exact count. */
function volume(shape: readonly number[]): number {
  return shape.reduce((product, extent) => {
    const exact = extent >= 0 && Number.isSafeInteger(extent);
    return exact && Number.isSafeInteger(product * extent) ? product * extent : Number.NaN;
  }, 1);
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function parseObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Keys in valid JSON: strings that a colon follows. Without escapes, every odd piece is a string. */
function countKeys(json: string): number {
  const pieces = json.replaceAll(/\\./g, '').split('"');
  return pieces.filter((piece, i) => i % 2 === 0 && /^\s*:/.test(piece)).length;
}

/** The value of an IEEE 754 half-precision number (1 sign, 5 exponent, 10 fraction bits). */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = (bits & 0x3ff) / 1024;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction) : 2 ** -14 * fraction);
}
