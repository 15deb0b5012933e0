// The memory that kernels share with the engine. Every kernel has the signature (args, tile): `args`
// points at a record of 32-bit words, a class beside the kernel; `tile` numbers the piece of work. Tiles
// write disjoint memory and are cut by size, never by thread, so sums keep their order. Classes, enums and
// exported constants are the engine's tables, too: scripts/kernel-interface.js writes them.

/** Samples in a block: activations lie as [block][feature][16]. */
export const LANES: i32 = 16;
/** Bytes of one feature of one block. */
export const LINE: usize = 64;
export const LINE_SHIFT: i32 = 6;

/** How much of the planned batch is filled. Lanes past `samples` hold zeros where inputs are loaded, and
 * get the gradient 0 at the loss. */
@unmanaged
export class Batch {
  samples: i32;
  blocks: i32;
  /** The block that stands for all where a gradient is sampled. */
  sampledBlock: i32;
}

/** Which rows, and which blocks, a weight gradient sums over. */
export enum Scope {
  all,
  /** Of the active rows only. */
  activeRows,
  /** One block stands for all: unbiased where it is drawn anew each step. */
  sampled,
}

// @inline
export function firstBlock(batch: Batch, scope: Scope): i32 {
  return scope === Scope.sampled ? batch.sampledBlock : 0;
}

// @inline
export function endBlock(batch: Batch, scope: Scope): i32 {
  return scope === Scope.sampled ? batch.sampledBlock + 1 : batch.blocks;
}

/** What each of the blocks stands for. */
// @inline
export function blockWeight(batch: Batch, scope: Scope): f32 {
  return scope === Scope.sampled ? <f32>batch.blocks : 1;
}

/**
 * Which entries of a (rows × columns) weight are non-zero, rebuilt after every optimizer step.
 * `order` lists the rows that hold a non-zero, ascending, then the empty ones, ascending.
 */
@unmanaged
export class Support {
  rows: i32;
  columns: i32;
  capacity: i32;
  activeRows: i32;
  nonZeros: i32;
  /** Per pass 1 where the kernels over single entries run, 0 where those over whole rows do. */
  forwardByEntry: i32;
  inputGradientByEntry: i32;
  weightGradientByEntry: i32;
  order: usize; // i32[rows]
  counts: usize; // i32[rows]
  starts: usize; // i32[rows + 1]
  entries: usize; // i32[capacity]: column of each non-zero, row by row
  values: usize; // f32[capacity]
  /** Per row a bit for each column, 1 where it is not zero; rows begin at multiples of 64 bits. */
  marks: usize;
}

/** Where the marks of a row begin. */
// @inline
export function marksOf(support: Support, row: i32): usize {
  return support.marks + <usize>((row * ((support.columns + 63) >> 6)) << 3);
}

// @inline
export function fillLine(line: usize, value: v128): void {
  v128.store(line, value);
  v128.store(line, value, 16);
  v128.store(line, value, 32);
  v128.store(line, value, 48);
}

/** Memory of this thread alone: every thread instantiates the module for itself. */
let scratchStart: usize = 0;

/** Tells this thread where its scratch memory begins (its size: Engine.reserveScratch). */
export function bindScratch(start: usize): void {
  scratchStart = start;
}

// @inline
export function scratch(): usize {
  return scratchStart;
}
