/**
 * The control block in the first words of the memory, and the loop by which every thread works
 * through a program. Tiles are claimed one by one, so a slow thread holds nobody up;
 * which thread does a tile has no influence on its result.
 */
import type { Instance } from './instance.js';

/** Words of the control block. */
export const Control = {
  generation: 0,
  arrived: 1,
  sleepers: 2,
  stop: 3,
  program: 4,
  calls: 5,
  blocks: 6,
  scratch: 7,
  scratchBytes: 8,
  /** In pages of 64 KiB. */
  memoryPages: 9,
} as const;

/** Words of a call in a loaded program. */
export const Slot = {
  kernel: 0,
  args: 1,
  tiles: 2,
  perBlock: 3,
  flag: 4,
  flagValue: 5,
  ticket: 6,
} as const;
export const SLOT_WORDS = 8;

/** About a tenth of a millisecond: longer than the pauses between the steps of a training run. */
const SPINS = 20_000;

/**
 * Waits until word `at` of the control block reaches `target` (counting on past 2³¹): spins first,
 * then sleeps where this thread may.
 */
export function waitFor(words: Int32Array, at: number, target: number, maySleep: boolean): void {
  for (let spins = 0; ; spins++) {
    const value = Atomics.load(words, at);
    if (((value - target) | 0) >= 0) return;
    if (spins > SPINS && maySleep) {
      Atomics.add(words, Control.sleepers, 1);
      Atomics.wait(words, at, value);
      Atomics.sub(words, Control.sleepers, 1);
    }
  }
}

/** Wakes whoever sleeps on a word of the control block. */
export function wake(words: Int32Array, at: number): void {
  if (Atomics.load(words, Control.sleepers) > 0) Atomics.notify(words, at);
}

/** One thread's part in running programs: its kernels and its place in the count of barriers. */
export class Executor {
  readonly #instance: Instance;
  readonly #thread: number;
  readonly #threads: number;
  readonly #maySleep: boolean;
  #barriers = 0;

  constructor(instance: Instance, thread: number, threads: number, maySleep: boolean) {
    this.#instance = instance;
    this.#thread = thread;
    this.#threads = threads;
    this.#maySleep = maySleep;
  }

  /** Works through the program named in the control block, together with all other threads. */
  run(words: Int32Array): void {
    const scratch = words[Control.scratch]! + this.#thread * words[Control.scratchBytes]!;
    this.#instance.bindScratch(scratch);
    const first = words[Control.program]! >> 2;
    const end = first + words[Control.calls]! * SLOT_WORDS;
    for (let slot = first; slot < end; slot += SLOT_WORDS) {
      const flag = words[slot + Slot.flag]!;
      if (flag !== 0 && words[flag >> 2] !== words[slot + Slot.flagValue]) continue;
      this.#claimTiles(words, slot);
      this.#barrier(words);
    }
  }

  #claimTiles(words: Int32Array, slot: number): void {
    const kernel = this.#instance.kernels[words[slot + Slot.kernel]!]!;
    const args = words[slot + Slot.args]!;
    const blocks = words[slot + Slot.perBlock] ? words[Control.blocks]! : 1;
    const tiles = words[slot + Slot.tiles]! * blocks;
    for (;;) {
      const tile = Atomics.add(words, slot + Slot.ticket, 1);
      if (tile >= tiles) return;
      kernel(args, tile);
    }
  }

  #barrier(words: Int32Array): void {
    this.#barriers = (this.#barriers + this.#threads) | 0;
    const arrived = (Atomics.add(words, Control.arrived, 1) + 1) | 0;
    if (arrived === this.#barriers) wake(words, Control.arrived);
    else waitFor(words, Control.arrived, this.#barriers, this.#maySleep);
  }
}
