import type { KernelName, kernels } from './kernels.js';

/**
 * A piece of memory that a program names. The engine that loads the program decides where it lies,
 * so the same program can run on another engine.
 */
export interface PlannedBuffer {
  readonly name: string;
  readonly bytes: number;
  /** What a record holds at first: 32-bit integers, or buffers for the engine to point at. */
  readonly fields?: readonly (number | PlannedBuffer)[];
}

/** Plans `count` numbers of four bytes. */
export function words(name: string, count: number): PlannedBuffer {
  return { name, bytes: count * 4 };
}

/** Plans a record that kernels read by field. */
export function record(name: string, fields: readonly (number | PlannedBuffer)[]): PlannedBuffer {
  return { name, bytes: fields.length * 4, fields };
}

/** Runs a call only where a word of a record has this value when the program gets there. */
export interface Condition {
  readonly buffer: PlannedBuffer;
  readonly word: number;
  readonly equals: number;
}

type Arguments<K extends KernelName> = {
  readonly [A in keyof (typeof kernels)[K]]: (typeof kernels)[K][A] extends 'pointer'
    ? PlannedBuffer | undefined
    : number;
};

/**
 * One kernel over all of its tiles. Calls run one after the other, the tiles of one call, and the calls
 * that `together` joins, in parallel.
 */
export interface Call<K extends KernelName = KernelName> {
  readonly kernel: K;
  readonly args: Arguments<K>;
  /** Pieces of work that write disjoint memory; with `perBlock`, so many for every block of the batch. */
  readonly tiles: number;
  readonly perBlock: boolean;
  /** Whether it may run while the call before it does. */
  readonly overlaps?: boolean;
  readonly when?: Condition;
}

/** A list of kernel calls on planned buffers: all that an engine needs to know of a network. */
export type Program = readonly Call[];

/** A call whose number of tiles does not depend on the batch. */
export function call<K extends KernelName>(
  kernel: K,
  args: Arguments<K>,
  tiles: number,
  when?: Condition,
): Call {
  return { kernel, args, tiles, perBlock: false, ...(when && { when }) } as Call;
}

/** A call with so many tiles for every block of sixteen samples. */
export function callPerBlock<K extends KernelName>(
  kernel: K,
  args: Arguments<K>,
  tiles = 1,
  when?: Condition,
): Call {
  return { kernel, args, tiles, perBlock: true, ...(when && { when }) } as Call;
}

/**
 * Joins calls that need nothing of one another, so that no thread waits between them: none writes what
 * another one, or another one's condition, reads or writes.
 */
export function together(calls: readonly Call[]): Call[] {
  return calls.map((each, index) => (index > 0 ? { ...each, overlaps: true } : each));
}

/**
 * Runs lists of calls side by side: the first ones of all lists together, then the second ones. No list
 * needs anything of another.
 */
export function abreast(lists: readonly (readonly Call[])[]): Call[] {
  const longest = Math.max(0, ...lists.map(({ length }) => length));
  return Array.from({ length: longest }, (_, i) =>
    together(lists.flatMap((list) => list[i] ?? [])),
  ).flat();
}
