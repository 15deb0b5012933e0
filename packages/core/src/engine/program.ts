import type { Exactly, FieldValue, NumberField, PlannedRecord, RecordName } from './buffers.js';
import { kernels } from './generated/kernels.js';

/** A kernel by the name of its function in kernels/. */
export type KernelName = keyof typeof kernels;

/** In the order of their numbers in a loaded program. */
export const kernelNames = Object.keys(kernels) as KernelName[];

/** Runs a call only where a field of a record has this value when the program gets there. */
export type Condition = {
  [R in RecordName]: {
    readonly record: PlannedRecord<R>;
    readonly field: NumberField<R>;
    readonly equals: number;
  };
}[RecordName];

/** What a kernel takes: its class in kernels/. Pointers may be missing where the kernel looks first. */
type Arguments<K extends KernelName> = {
  readonly [A in keyof (typeof kernels)[K]]: FieldValue<(typeof kernels)[K][A]>;
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
export function call<K extends KernelName, A extends Arguments<K>>(
  kernel: K,
  args: Exactly<A, Arguments<K>>,
  tiles: number,
  when?: Condition,
): Call {
  return { kernel, args, tiles, perBlock: false, ...(when && { when }) } as Call;
}

/** A call with so many tiles for every block of sixteen samples. */
export function callPerBlock<K extends KernelName, A extends Arguments<K>>(
  kernel: K,
  args: Exactly<A, Arguments<K>>,
  tiles = 1,
  when?: Condition,
): Call {
  return { kernel, args, tiles, perBlock: true, ...(when && { when }) } as Call;
}

/**
 * Joins calls that need nothing of one another, so that no thread waits between them: none writes what
 * another one, or another one's condition, reads or writes. An engine refuses to load them otherwise.
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
