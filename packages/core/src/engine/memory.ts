import { UserError } from '../files/errors.js';

/** WebAssembly memories grow by whole pages of this size. */
export const PAGE_BYTES = 65_536;
const ALIGNMENT = 64;
const INITIAL_PAGES = 16;
/** What 32-bit pointers reach. */
const MOST_BYTES = 2 ** 32;
/** With less than this nothing of use can be trained. */
const LEAST_BYTES = 2 ** 26;

/** Rounds up to whole cache lines. */
function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

/**
 * The one linear memory that all kernels and threads work on. It only grows, up to `maximumBytes`:
 * an engine lives as long as the networks on it. Views made before it grew may be stale.
 */
export class LinearMemory {
  readonly memory: WebAssembly.Memory;
  readonly maximumBytes: number;
  /** The first page is the kernels' own. */
  #end = PAGE_BYTES;

  /**
   * @param maximumBytes by default the most that the host grants
   * @throws {UserError} the host does not grant it
   */
  constructor(shared: boolean, maximumBytes?: number) {
    const { memory, maximum } = reserve(shared, maximumBytes);
    this.memory = memory;
    this.maximumBytes = maximum * PAGE_BYTES;
  }

  /** Bytes between the start of the memory and the end of the last allocation. */
  get usedBytes(): number {
    return this.#end;
  }

  /**
   * Zeroed bytes at a cache line's start.
   *
   * @throws {UserError} the memory does not suffice
   */
  allocate(bytes: number): number {
    const size = aligned(Math.max(bytes, 1));
    const offset = this.#end;
    const missing = offset + size - this.memory.buffer.byteLength;
    if (missing > 0) this.#grow(missing, size);
    this.#end += size;
    return offset;
  }

  /** A view of bytes; valid until the memory grows. */
  bytes(offset: number, length: number): Uint8Array {
    return new Uint8Array(this.memory.buffer, offset, length);
  }

  /** A view of float32 numbers; valid until the memory grows. */
  floats(offset: number, length: number): Float32Array {
    return new Float32Array(this.memory.buffer, offset, length);
  }

  /** A view of 32-bit integers; valid until the memory grows. */
  integers(offset: number, length: number): Int32Array {
    return new Int32Array(this.memory.buffer, offset, length);
  }

  #grow(missing: number, size: number): void {
    try {
      this.memory.grow(Math.ceil(missing / PAGE_BYTES));
    } catch {
      throw new UserError(
        `out of memory: ${mebibytes(size)} more are needed, ${mebibytes(this.#end)} of at most ` +
          `${mebibytes(this.maximumBytes)} are in use; a smaller batch or network would fit`,
      );
    }
  }
}

/** Hosts with little address space, such as telephones, refuse a memory that might grow too large. */
function reserve(
  shared: boolean,
  maximumBytes?: number,
): { readonly memory: WebAssembly.Memory; readonly maximum: number } {
  for (let bytes = maximumBytes ?? MOST_BYTES; ; bytes /= 2) {
    const maximum = Math.floor(bytes / PAGE_BYTES);
    try {
      const memory = new WebAssembly.Memory({ initial: INITIAL_PAGES, maximum, shared });
      return { memory, maximum };
    } catch (cause) {
      if (maximumBytes === undefined && bytes > LEAST_BYTES) continue;
      const problem = `out of memory: the host does not grant WebAssembly ${mebibytes(bytes)}`;
      throw new UserError(`${problem} (${(cause as Error).message})`, { cause });
    }
  }
}

/** Bytes as people read them. */
export function mebibytes(bytes: number): string {
  return `${Math.ceil(bytes / 2 ** 20)} MiB`;
}
