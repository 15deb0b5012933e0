import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  CLAIM_WORDS,
  Claim,
  Control,
  claimStride,
  Executor,
  firstTicket,
  SLOT_WORDS,
  Slot,
  Trait,
} from '#lib/engine/control.js';

test('a thread that is late with a run does not wait for what the next run has reset', () => {
  const words = new Int32Array(new SharedArrayBuffer(4096));
  const generation = 1;
  const threads = 2;
  const tiles = 2;
  const flag = 32;
  const program = 64;
  const claims = 256;
  const calls = [
    // Skipped in this run, for its flag is not 1.
    { [Slot.tiles]: tiles, [Slot.flag]: 4 * flag, [Slot.flagValue]: 1 },
    { [Slot.tiles]: tiles, [Slot.traits]: Trait.overlaps },
  ];
  words[Control.generation] = generation;
  words[Control.threads] = threads;
  words[Control.program] = 4 * program;
  words[Control.calls] = calls.length;
  words[Control.claims] = 4 * claims;
  for (const [index, slots] of calls.entries()) {
    for (const [slot, value] of Object.entries(slots)) {
      words[program + index * SLOT_WORDS + Number(slot)] = value;
    }
  }
  /** Where a thread claims tiles of a call. */
  const claimOf = (share: number, call: number) =>
    claims + share * claimStride(calls.length) + CLAIM_WORDS * call;
  for (let share = 0; share < threads; share++) {
    for (const call of calls.keys()) {
      words[claimOf(share, call) + Claim.ticket] = firstTicket(generation);
    }
  }
  const done: number[] = [];
  const kernel = (_: number, tile: number) => {
    done.push(tile);
    // While this thread works on its last tile, the first thread begins the next run: with the first call.
    for (let share = 0; share < threads; share++) {
      words[claimOf(share, 0) + Claim.ticket] = firstTicket(generation + 1);
    }
    // Who waits nevertheless finds this, and throws.
    words[Control.failed] = 1;
  };
  const instance = { kernels: [kernel], bindScratch: () => {} };
  new Executor(instance, 1, false).run(words, generation);
  assert.deepEqual(done, [1, 0]);
});
