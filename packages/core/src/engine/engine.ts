import { host } from '#host';
import type { BLOCK } from '../graph/pass.js';
import type { Thread } from '../host/host.js';
import {
  encode,
  type NumberField,
  type Numbers,
  type Planned,
  type PlannedRecord,
  type RecordName,
  wordsOf,
} from './buffers.js';
import {
  CLAIM_WORDS,
  Claim,
  Control,
  claimStride,
  Executor,
  firstTicket,
  MAXIMUM_TILES,
  nextGeneration,
  SLOT_WORDS,
  Slot,
  Trait,
} from './control.js';
import { kernels, records, sizes } from './generated/kernels.js';
import { instantiate } from './instance.js';
import { type Build, type Kernels, loadKernels } from './kernel-files.js';
import { LinearMemory, PAGE_BYTES } from './memory.js';
import { type Call, kernelNames, type Program } from './program.js';
import { refuseRaces } from './races.js';
import type { WorkerData } from './thread.js';

/** Samples in a block of the activations' layout. */
export const LANES: typeof BLOCK = sizes.layout.LANES;

/** What an engine may use; all of it may be left out. */
export interface EngineOptions {
  /** Threads that work on one program; by default as many as the machine runs at once. */
  readonly threads?: number | undefined;
  /** By default `relaxed` where the host can, else `simd`. Results differ in the last bits. */
  readonly build?: Build | undefined;
  /** By default 4 GiB, or as much below that as the host lets a memory grow to. */
  readonly maximumBytes?: number | undefined;
  /** By default loaded, as `build` says. */
  readonly kernels?: Kernels | undefined;
}

/** A program bound to this engine's memory. */
export interface LoadedProgram {
  readonly offset: number;
  readonly calls: number;
  /** Where the threads claim tiles. */
  readonly claims: number;
  /** The most that one call has for every block. */
  readonly tilesPerBlock: number;
}

/** Scratch memory of a thread: what the linear kernels pack. Networks reserve more where they need it. */
const MINIMUM_SCRATCH_BYTES = 1 << 18;

/**
 * Runs programs of kernel calls in WebAssembly, on one memory and a pool of threads. Results do not
 * depend on the number of threads, to the bit.
 */
export class Engine {
  readonly threads: number;
  readonly build: Build;
  /** Why there is one thread where more were wanted, such as a page without cross-origin isolation. */
  readonly whyOneThread: string | undefined;
  readonly #memory: LinearMemory;
  readonly #executor: Executor;
  readonly #workers: readonly Thread[];
  readonly #places = new Map<Planned, { readonly offset: number; readonly bytes: number }>();
  #words: Int32Array;
  #scratchBytes = 0;
  #closed = false;

  /**
   * Compiles the kernels and starts the threads.
   *
   * @throws {UserError} the host cannot run the kernels, their file is missing or damaged, or there is too
   *   little memory
   */
  static async create(options: EngineOptions = {}): Promise<Engine> {
    const whyOneThread = host.whyOneThread();
    const wanted = options.threads ?? host.availableThreads();
    if (!Number.isInteger(wanted) || wanted < 1) {
      throw new RangeError(`threads: ${wanted} is not a whole number from 1 on`);
    }
    const kernels = options.kernels ?? (await loadKernels(!whyOneThread, options.build));
    const memory = new LinearMemory(kernels.shared, options.maximumBytes);
    const workers = whyOneThread ? [] : await startWorkers(kernels.module, memory.memory, wanted);
    try {
      return new Engine(kernels, memory, workers, wanted > 1 ? whyOneThread : undefined);
    } catch (error) {
      for (const worker of workers) worker.terminate();
      throw error;
    }
  }

  private constructor(
    { build, module }: Kernels,
    memory: LinearMemory,
    workers: readonly Thread[],
    whyOneThread: string | undefined,
  ) {
    this.build = build;
    this.threads = workers.length + 1;
    this.whyOneThread = whyOneThread;
    this.#memory = memory;
    this.#workers = workers;
    this.#words = new Int32Array(memory.memory.buffer);
    this.#words[Control.threads] = this.threads;
    const instance = instantiate(module, memory.memory);
    this.#executor = new Executor(instance, 0, host.maySleep);
    this.reserveScratch(MINIMUM_SCRATCH_BYTES);
  }

  /** Bytes of the memory that are or have been in use. */
  get usedBytes(): number {
    return this.#memory.usedBytes;
  }

  /** What `usedBytes` may grow to. */
  get maximumBytes(): number {
    return this.#memory.maximumBytes;
  }

  /** What every thread has of its own while a kernel runs. */
  get scratchBytes(): number {
    return this.#scratchBytes;
  }

  /** Makes sure that every thread has at least so many bytes of its own while a kernel runs. */
  reserveScratch(bytes: number): void {
    if (bytes <= this.#scratchBytes) return;
    const offset = this.#memory.allocate(bytes * this.threads);
    this.#scratchBytes = bytes;
    this.#refresh();
    this.#words[Control.scratch] = offset;
    this.#words[Control.scratchBytes] = bytes;
  }

  /**
   * Gives planned memory its place, zeroed or with what it holds at first. Does nothing where it has one.
   *
   * @throws Error where it has grown since it got its place, or ends past the whole of which it is a part:
   *   what lies behind would be overwritten
   */
  allocate(planned: Planned): void {
    const { name, bytes } = planned;
    const place = this.#places.get(planned);
    if (place) {
      if (bytes <= place.bytes) return;
      throw new Error(
        `'${name}' has its place, of ${place.bytes} bytes, and cannot grow to ${bytes}`,
      );
    }
    // First of all what it points at: where memory does not suffice for that, it has no place, either.
    const first = planned.type
      ? this.#encode(records[planned.type], planned.fields)
      : planned.integers;
    this.#places.set(planned, { offset: this.#reserve(planned), bytes });
    if (first) this.integers(planned).set(first);
  }

  /** A buffer's memory as float32 numbers; valid until the next allocation. */
  floats(buffer: Planned): Float32Array {
    return this.#memory.floats(this.#place(buffer), buffer.bytes >>> 2);
  }

  /** A buffer's memory as 32-bit integers; valid until the next allocation. */
  integers(buffer: Planned): Int32Array {
    return this.#memory.integers(this.#place(buffer), buffer.bytes >>> 2);
  }

  /** A buffer's memory as bytes; valid until the next allocation. */
  bytes(buffer: Planned): Uint8Array {
    return this.#memory.bytes(this.#place(buffer), buffer.bytes);
  }

  /** Reads a number off a record. */
  field<R extends RecordName>(record: PlannedRecord<R>, name: NumberField<R>): number {
    const { at, isFloat } = wordsOf(record.type).get(name)!;
    return (isFloat ? this.floats(record) : this.integers(record))[at];
  }

  /** Sets numbers of a record. */
  setFields<R extends RecordName>(record: PlannedRecord<R>, fields: Partial<Numbers<R>>): void {
    const words = wordsOf(record.type);
    const integers = this.integers(record);
    const floats = this.floats(record);
    for (const [name, value] of Object.entries(fields as Readonly<Record<string, number>>)) {
      const { at, isFloat } = words.get(name)!;
      (isFloat ? floats : integers)[at] = value;
    }
  }

  /**
   * Binds a program to this memory; buffers that have no place yet get one.
   *
   * @throws Error where one of the calls side by side writes what another one reads or writes
   */
  load(program: Program): LoadedProgram {
    refuseRaces(program);
    const slots = program.map((entry) => this.#encodeCall(entry));
    const offset = this.#memory.allocate(slots.length * SLOT_WORDS * 4);
    const claims = this.#memory.allocate(this.threads * claimStride(slots.length) * 4);
    this.#refresh();
    for (const [index, slot] of slots.entries()) {
      this.#words.set(slot, (offset >>> 2) + index * SLOT_WORDS);
    }
    const tiles = program.map((entry) => (entry.perBlock ? entry.tiles : 0));
    return { offset, claims, calls: slots.length, tilesPerBlock: Math.max(0, ...tiles) };
  }

  /** Runs a loaded program on all threads and returns when it is done. `blocks`: blocks of the batch in use. */
  run(program: LoadedProgram, blocks: number): void {
    if (this.#closed) throw new Error('the engine is closed');
    if (program.tilesPerBlock * blocks > MAXIMUM_TILES) {
      throw new RangeError(`a batch of ${blocks} blocks is too large for this program`);
    }
    const words = this.#refresh();
    const generation = (Atomics.load(words, Control.generation) + 1) | 0;
    const { calls, claims } = program;
    // The tickets come first: a late thread that sees anything of this run finds that its own is over.
    // The atomic stores below publish them; one by one they would each wait for another core's cache.
    for (let thread = 0; thread < this.threads; thread++) {
      const first = (claims >>> 2) + thread * claimStride(calls);
      for (let at = first; at < first + calls * CLAIM_WORDS; at += CLAIM_WORDS) {
        words[at + Claim.ticket] = firstTicket(generation);
        words[at + Claim.done] = 0;
      }
    }
    Atomics.store(words, Control.memoryPages, words.byteLength / PAGE_BYTES);
    // So that a late thread takes no claims of this run for those of a program with other calls.
    Atomics.store(words, Control.calls, 0);
    Atomics.store(words, Control.claims, claims);
    Atomics.store(words, Control.calls, calls);
    Atomics.store(words, Control.program, program.offset);
    Atomics.store(words, Control.blocks, blocks);
    nextGeneration(words);
    this.#executor.run(words, generation);
  }

  /** Ends the threads. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const words = this.#refresh();
    Atomics.store(words, Control.stop, 1);
    nextGeneration(words);
    for (const worker of this.#workers) worker.terminate();
  }

  #refresh(): Int32Array {
    if (this.#words.buffer !== this.#memory.memory.buffer) {
      this.#words = new Int32Array(this.#memory.memory.buffer);
    }
    return this.#words;
  }

  /** Memory of its own, or that of the whole of which it is a part. */
  #reserve(planned: Planned): number {
    const { within } = planned.type ? {} : planned;
    if (!within) return this.#memory.allocate(planned.bytes);
    const { buffer, offset } = within;
    if (offset + planned.bytes > buffer.bytes) {
      throw new Error(`'${planned.name}' ends past '${buffer.name}', of which it is a part`);
    }
    return this.#place(buffer) + offset;
  }

  #place(buffer: Planned): number {
    this.allocate(buffer);
    return this.#places.get(buffer)!.offset;
  }

  #encodeCall({ kernel, args, tiles, perBlock, overlaps, when }: Call): Int32Array {
    if (tiles > MAXIMUM_TILES) throw new RangeError(`${kernel}: ${tiles} tiles are too many`);
    const slot = new Int32Array(SLOT_WORDS);
    slot[Slot.kernel] = kernelNames.indexOf(kernel);
    slot[Slot.args] = this.#store(this.#encode(kernels[kernel], args));
    slot[Slot.tiles] = tiles;
    slot[Slot.traits] = (perBlock ? Trait.perBlock : 0) | (overlaps ? Trait.overlaps : 0);
    if (when) {
      const { record, field, equals } = when;
      slot[Slot.flag] = this.#place(record) + wordsOf(record.type).get(field)!.at * 4;
      slot[Slot.flagValue] = equals;
    }
    return slot;
  }

  #encode(codes: Readonly<Record<string, string>>, values: object): Int32Array {
    return encode(codes, values, (planned) => this.#place(planned));
  }

  #store(words: Int32Array): number {
    const offset = this.#memory.allocate(words.length * 4);
    this.#memory.integers(offset, words.length).set(words);
    return offset;
  }
}

async function startWorkers(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  threads: number,
): Promise<Thread[]> {
  const workers = Array.from({ length: threads - 1 }, (_, index) => {
    const data: WorkerData = { module, memory, thread: index + 1 };
    return host.startThread(data);
  });
  try {
    await Promise.all(workers.map(({ ready }) => ready));
    return workers;
  } catch (error) {
    for (const worker of workers) worker.terminate();
    throw error;
  }
}
