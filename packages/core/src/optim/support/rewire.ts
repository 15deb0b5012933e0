import type { ParameterState } from '../method.js';
import {
  countLive,
  keepMarked,
  largest,
  type Marks,
  magnitudesOf,
  scoresBeside,
  wakeMarked,
} from './marks.js';

/** Marks `count` weights of a layer to grow, none of which is kept. */
export type Grow = (kept: Marks, count: number) => Marks;

/**
 * Drops a share of a layer's live weights, those of least magnitude, and grows as many others: ⌊share · live⌋,
 * so that their number stays. Among those that may grow are the ones just dropped; such a weight stays as it is.
 */
export function rewire(state: ParameterState, share: number, grow: Grow): void {
  const live = countLive(state);
  const count = Math.floor(share * live);
  // In a full layer all that is dropped grows again.
  if (count === 0 || live === state.theta.length) return;
  const [kept] = largest([magnitudesOf(state)], live - count);
  const grown = grow(kept, count);
  for (let i = 0; i < kept.length; i++) kept[i] |= grown[i];
  keepMarked(state, kept);
  wakeMarked(state, grown);
}

/** Grows where |gradient| is largest. */
export function growLargest(gradient: Float32Array): Grow {
  return (kept, count) => largest([scoresBeside(kept, gradient)], count)[0];
}
