/**
 * The control block in the first words of the memory, and the loop by which every thread works
 * through a program.
 *
 * Every thread has its share of the tiles of a call, the same in each run, so that what it reads is often
 * still in its cache. It claims the tiles of its own share first, then those that others have not come to.
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
  threads: 10,
  /** Where the claims on the program's calls lie. */
  claims: 11,
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
} as const;
/** Words that a call takes in a loaded program. */
export const SLOT_WORDS = 6;

/** Words that threads write about one thread's share of a call. */
export const Claim = {
  /** The run's generation (upper bits) and the next tile of the share to claim, or SKIPPED. */
  ticket: 0,
  /** Tiles of the share that are done. */
  done: 1,
} as const;
/** Words that a claim takes. */
export const CLAIM_WORDS = 2;

/** From one thread's claims on a program to the next one's: whole pairs of cache lines. */
export function claimStride(calls: number): number {
  return Math.ceil((calls * CLAIM_WORDS) / 32) * 32;
}

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
  // Of the present run.
  #words: Int32Array = new Int32Array(0);
  #generation = 0;
  #threads = 1;
  #blocks = 0;
  #claims = 0;
  #stride = 0;

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
    this.#words = words;
    this.#generation = generation;
    this.#threads = words[Control.threads];
    // Read once: where the next run begins meanwhile, its tickets are already there, and ours end.
    this.#blocks = Atomics.load(words, Control.blocks);
    const first = Atomics.load(words, Control.program) >>> 2;
    const calls = Atomics.load(words, Control.calls);
    this.#claims = Atomics.load(words, Control.claims) >>> 2;
    // The claims are another program's: a next run has begun, and this one is over.
    if (Atomics.load(words, Control.calls) !== calls) return;
    this.#stride = claimStride(calls);
    // A late thread may not see all of a memory that has grown.
    const end = Math.max(first + calls * SLOT_WORDS, this.#claims + this.#threads * this.#stride);
    if (end > words.length) return;
    // From here on, calls may still be under way in other threads.
    let begun = 0;
    for (let call = 0; call < calls; call++) {
      const slot = first + call * SLOT_WORDS;
      if (!(words[slot + Slot.traits] & Trait.overlaps)) {
        if (!this.#awaitCalls(first, begun, call)) return;
        begun = call;
      }
      const goesOn = isWanted(words, slot) ? this.#workOn(slot, call) : this.#skip(call);
      if (!goesOn) return;
    }
    this.#awaitCalls(first, begun, calls);
  }

  #claim(call: number, share: number): number {
    return this.#claims + share * this.#stride + call * CLAIM_WORDS;
  }

  /** The first tile of a share. A single tile is the first thread's, which never has to be woken. */
  #startOf(share: number, tiles: number): number {
    return Math.ceil((tiles * share) / this.#threads);
  }

  /** Lets no thread begin with a call. False: the run is over. */
  #skip(call: number): boolean {
    const words = this.#words;
    for (let share = 0; share < this.#threads; share++) {
      const at = this.#claim(call, share) + Claim.ticket;
      const ticket = Atomics.load(words, at);
      if (!this.#isCurrent(ticket)) return false;
      // Who comes second finds it done.
      if ((ticket & SKIPPED) !== SKIPPED) {
        Atomics.compareExchange(words, at, ticket, ticket | SKIPPED);
      }
    }
    return true;
  }

  /** Does tiles of a call until all are claimed. False: the run is over. */
  #workOn(slot: number, call: number): boolean {
    const tiles = tilesOf(this.#words, slot, this.#blocks);
    for (let i = 0; i < this.#threads; i++) {
      const share = (this.#thread + i) % this.#threads;
      const start = this.#startOf(share, tiles);
      const count = this.#startOf(share + 1, tiles) - start;
      if (!this.#workOnShare(slot, this.#claim(call, share), start, count)) return false;
    }
    return true;
  }

  #workOnShare(slot: number, claim: number, start: number, count: number): boolean {
    const words = this.#words;
    const kernel = this.#instance.kernels[words[slot + Slot.kernel]];
    const args = words[slot + Slot.args];
    for (;;) {
      const ticket = Atomics.load(words, claim + Claim.ticket);
      if (!this.#isCurrent(ticket)) return false;
      // SKIPPED is more than any count: what the first thread found stands, even where the flag has changed
      // since.
      const tile = ticket & SKIPPED;
      if (tile >= count) return true;
      const at = claim + Claim.ticket;
      if (Atomics.compareExchange(words, at, ticket, ticket + 1) !== ticket) continue;
      kernel(args, start + tile);
      if (Atomics.add(words, claim + Claim.done, 1) + 1 === count) wake(words, claim + Claim.done);
    }
  }

  /** Waits until these calls are done. False: the run is over. */
  #awaitCalls(first: number, from: number, to: number): boolean {
    const words = this.#words;
    for (let call = from; call < to; call++) {
      const tiles = tilesOf(words, first + call * SLOT_WORDS, this.#blocks);
      for (let share = 0; share < this.#threads; share++) {
        const claim = this.#claim(call, share);
        const ticket = Atomics.load(words, claim + Claim.ticket);
        if (!this.#isCurrent(ticket)) return false;
        if ((ticket & SKIPPED) === SKIPPED) break;
        const count = this.#startOf(share + 1, tiles) - this.#startOf(share, tiles);
        if (!this.#awaitTiles(claim, count)) return false;
      }
    }
    return true;
  }

  #awaitTiles(claim: number, count: number): boolean {
    const words = this.#words;
    for (;;) {
      const done = Atomics.load(words, claim + Claim.done);
      // The next run's tickets lie there before its number does. Who waited for what it has reset
      // would sleep through it.
      if (!this.#isCurrent(Atomics.load(words, claim + Claim.ticket))) return false;
      if (done >= count) return true;
      if (Atomics.load(words, Control.failed)) throw new Error('a kernel failed in another thread');
      waitWhile(words, claim + Claim.done, done, this.#maySleep);
    }
  }

  #isCurrent(ticket: number): boolean {
    return (
      ticket >> TILE_BITS === firstTicket(this.#generation) >> TILE_BITS &&
      Atomics.load(this.#words, Control.generation) === this.#generation
    );
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
