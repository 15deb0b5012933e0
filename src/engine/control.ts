/**
 * The control block in the first words of the memory, and the loop by which every thread works
 * through a program.
 *
 * Threads claim the tiles of a call one by one, and the next call starts as soon as the last tile
 * is done; or, where it needs nothing of the one before it, as soon as the last tile is claimed. So
 * nobody ever waits for a thread that holds no tile: where the machine is busy and a
 * thread does not get to run, the others do its work. Which thread does a tile has no influence on
 * its result.
 */
import type { Instance } from './instance.js';

/** Words of the control block. */
export const Control = {
  /** Counts the runs; a thread that finds another number than its own is late and gives up. */
  generation: 0,
  sleepers: 1,
  stop: 2,
  program: 3,
  calls: 4,
  blocks: 5,
  scratch: 6,
  scratchBytes: 7,
  /** In pages of 64 KiB. */
  memoryPages: 8,
  /** Not 0: a kernel has trapped in some thread, and its tile will never be done. */
  failed: 9,
} as const;

/** Words of a call in a loaded program. */
export const Slot = {
  kernel: 0,
  args: 1,
  tiles: 2,
  /** A sum of `Trait`s. */
  traits: 3,
  flag: 4,
  flagValue: 5,
  /** The run's generation (upper bits) and the next tile to claim, or SKIPPED. */
  ticket: 6,
  /** Tiles that are done. */
  done: 7,
} as const;
export const SLOT_WORDS = 8;

/** What a call is besides its kernel. */
export const Trait = {
  /** It has its tiles for every block of the batch. */
  perBlock: 1,
  /** It may run while the call before it does. */
  overlaps: 2,
} as const;

const TILE_BITS = 20;
const SKIPPED = (1 << TILE_BITS) - 1;
/** Tiles that one call may have. */
export const MAXIMUM_TILES = SKIPPED - 1;

/** The ticket with which a call begins in a run. */
export function firstTicket(generation: number): number {
  return generation << TILE_BITS;
}

/** Some fifty microseconds: about what it takes to fall asleep and to be woken. */
const SPINS = 8_000;

/** Long enough to cost nothing, short enough that a thread which missed its call is soon back. */
const SLEEP_MS = 100;

/** Waits a while for a word to be no longer `value`: spins, then sleeps where this thread may. */
function waitWhile(words: Int32Array, at: number, value: number, maySleep: boolean): void {
  for (let spins = 0; spins < SPINS; spins++) {
    if (Atomics.load(words, at) !== value) return;
  }
  if (!maySleep) return;
  Atomics.add(words, Control.sleepers, 1);
  Atomics.wait(words, at, value, SLEEP_MS);
  Atomics.sub(words, Control.sleepers, 1);
}

/** Wakes whoever sleeps on a word. */
function wake(words: Int32Array, at: number): void {
  if (Atomics.load(words, Control.sleepers) > 0) Atomics.notify(words, at);
}

/** Tells all threads that a tile will never be done. */
export function reportFailure(words: Int32Array): void {
  Atomics.store(words, Control.failed, 1);
}

/** Begins the next run: other threads take part from here on. */
export function nextGeneration(words: Int32Array): void {
  Atomics.add(words, Control.generation, 1);
  wake(words, Control.generation);
}

/** Waits for a run that is not `generation` and returns its number. */
export function awaitGeneration(words: Int32Array, generation: number): number {
  for (;;) {
    const current = Atomics.load(words, Control.generation);
    if (current !== generation) return current;
    waitWhile(words, Control.generation, generation, true);
  }
}

/** One thread's part in running programs. */
export class Executor {
  readonly #instance: Instance;
  readonly #thread: number;
  readonly #maySleep: boolean;

  constructor(instance: Instance, thread: number, maySleep: boolean) {
    this.#instance = instance;
    this.#thread = thread;
    this.#maySleep = maySleep;
  }

  /**
   * Works through the program named in the control block together with the other threads. Returns
   * when it is done, or when the run of this generation is over.
   */
  run(words: Int32Array, generation: number): void {
    const scratch = words[Control.scratch] + this.#thread * words[Control.scratchBytes];
    this.#instance.bindScratch(scratch);
    // Read once: where the next run begins meanwhile, its tickets are already there, and ours end.
    const runBlocks = Atomics.load(words, Control.blocks);
    const first = Atomics.load(words, Control.program) >>> 2;
    const end = first + Atomics.load(words, Control.calls) * SLOT_WORDS;
    // A late thread may not see all of a memory that has grown.
    if (end > words.length) return;
    // From here on, calls may still be under way in other threads.
    let begun = first;
    for (let slot = first; slot < end; slot += SLOT_WORDS) {
      if (!(words[slot + Slot.traits] & Trait.overlaps)) {
        if (!this.#awaitOthers(words, begun, slot, runBlocks, generation)) return;
        begun = slot;
      }
      const tiles = isWanted(words, slot) ? tilesOf(words, slot, runBlocks) : SKIPPED;
      if (!this.#workOn(words, slot, tiles, generation)) return;
    }
    this.#awaitOthers(words, begun, end, runBlocks, generation);
  }

  /** Does tiles of a call until all are claimed. False: the run is over. */
  #workOn(words: Int32Array, slot: number, tiles: number, generation: number): boolean {
    const kernel = this.#instance.kernels[words[slot + Slot.kernel]];
    const args = words[slot + Slot.args];
    for (;;) {
      const ticket = Atomics.load(words, slot + Slot.ticket);
      if (!isCurrent(words, ticket, generation)) return false;
      const tile = ticket & SKIPPED;
      // What the first thread found stands, even where the flag has changed since.
      if (tile === SKIPPED) return true;
      if (tiles !== SKIPPED && tile >= tiles) return true;
      const next = tiles === SKIPPED ? ticket | SKIPPED : ticket + 1;
      if (Atomics.compareExchange(words, slot + Slot.ticket, ticket, next) !== ticket) continue;
      if (tiles === SKIPPED) return true;
      kernel(args, tile);
      if (Atomics.add(words, slot + Slot.done, 1) + 1 === tiles) wake(words, slot + Slot.done);
    }
  }

  /** Waits until the calls of these slots are done. False: the run is over. */
  #awaitOthers(
    words: Int32Array,
    from: number,
    to: number,
    blocks: number,
    generation: number,
  ): boolean {
    for (let slot = from; slot < to; slot += SLOT_WORDS) {
      const isSkipped = (Atomics.load(words, slot + Slot.ticket) & SKIPPED) === SKIPPED;
      if (isSkipped) continue;
      if (!this.#awaitTiles(words, slot, tilesOf(words, slot, blocks), generation)) return false;
    }
    return true;
  }

  #awaitTiles(words: Int32Array, slot: number, tiles: number, generation: number): boolean {
    for (;;) {
      const done = Atomics.load(words, slot + Slot.done);
      if (Atomics.load(words, Control.generation) !== generation) return false;
      if (done >= tiles) return true;
      if (Atomics.load(words, Control.failed)) throw new Error('a kernel failed in another thread');
      waitWhile(words, slot + Slot.done, done, this.#maySleep);
    }
  }
}

function tilesOf(words: Int32Array, slot: number, blocks: number): number {
  const isPerBlock = words[slot + Slot.traits] & Trait.perBlock;
  return words[slot + Slot.tiles] * (isPerBlock ? blocks : 1);
}

function isWanted(words: Int32Array, slot: number): boolean {
  const flag = words[slot + Slot.flag];
  return flag === 0 || words[flag >>> 2] === words[slot + Slot.flagValue];
}

function isCurrent(words: Int32Array, ticket: number, generation: number): boolean {
  return (
    ticket >> TILE_BITS === firstTicket(generation) >> TILE_BITS &&
    Atomics.load(words, Control.generation) === generation
  );
}
