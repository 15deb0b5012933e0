import { UserError } from '../files/errors.js';
export const PAGE_BYTES = 65_536;
const ALIGNMENT = 64;

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

  constructor(shared: boolean, maximumBytes: number) {
    const maximum = Math.floor(maximumBytes / PAGE_BYTES);
    this.memory = new WebAssembly.Memory({ initial: 16, maximum, shared });
    this.maximumBytes = maximum * PAGE_BYTES;
  }

  /** Bytes between the start of the memory and the end of the last allocation. */
  get usedBytes(): number {
    return this.#end;
  }

  /**
   * Zeroed bytes at a cache line's start.
   *
   * @throws {UserError} where the memory does not suffice
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
      const mebibytes = (bytes: number) => Math.ceil(bytes / 2 ** 20);
      throw new UserError(
        `out of memory: ${mebibytes(size)} MiB more are needed, ${mebibytes(this.#end)} MiB of at most ` +
          `${mebibytes(this.maximumBytes)} MiB are in use; a smaller batch or network would fit`,
      );
    }
  }
}
