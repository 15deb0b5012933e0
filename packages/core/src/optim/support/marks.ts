import { lambdaKeeping } from '../lambda/select.js';
import type { ParameterState } from '../method.js';
import { LEAST_ALIVE } from './alive.js';

/** One byte for each weight of a layer: 1 where it is chosen. */
export type Marks = Uint8Array;

/** What is 0 is never chosen; so what may be chosen has at least this score. */
const LEAST_SCORE = 2 ** -149;

/** |x| of each entry that may be chosen, 0 of the others. A NaN counts as the largest. */
export function scoresOf(values: Float32Array, mayBeChosen: (i: number) => boolean): Float32Array {
  return values.map((value, i) => {
    if (!mayBeChosen(i)) return 0;
    return Number.isNaN(value) ? Infinity : Math.max(Math.abs(value), LEAST_SCORE);
  });
}

/** |θ| of the live weights, 0 of the others. */
export function magnitudesOf({ theta }: ParameterState): Float32Array {
  return scoresOf(theta, (i) => theta[i] !== 0);
}

/**
 * Marks the `count` largest scores of all layers together; where the last ones are equal, the earlier of them.
 *
 * @param scores ≥ 0, at least `count` of them above 0
 */
export function largest(scores: readonly Float32Array[], count: number): Marks[] {
  const threshold = lambdaKeeping(
    scores.map((thresholds) => ({ thresholds, size: 1 })),
    count,
  );
  const marks = scores.map((layer) => Uint8Array.from(layer, (score) => Number(score > threshold)));
  let left = count - marks.reduce((sum, layer) => sum + layer.reduce((a, b) => a + b, 0), 0);
  for (const [k, layer] of scores.entries()) {
    for (let i = 0; i < layer.length && left > 0; i++) {
      if (layer[i] !== threshold) continue;
      marks[k][i] = 1;
      left--;
    }
  }
  return marks;
}

/** How many weights are not 0. */
export function countLive({ theta }: ParameterState): number {
  let live = 0;
  for (let i = 0; i < theta.length; i++) if (theta[i] !== 0) live++;
  return live;
}

/** Lets what is not marked rest: weight and moments become 0. */
export function keepMarked({ theta, moments }: ParameterState, marks: Marks): void {
  for (const array of [theta, ...moments]) {
    for (let i = 0; i < array.length; i++) if (!marks[i]) array[i] = 0;
  }
}

/** Lets what is marked live: what rested begins at 0, with moments of 0. */
export function wakeMarked({ theta }: ParameterState, marks: Marks): void {
  for (let i = 0; i < theta.length; i++) if (marks[i] && theta[i] === 0) theta[i] = LEAST_ALIVE;
}
