import { lambdaKeeping } from '../lambda/select.js';
import type { ParameterState } from '../method.js';
import { LEAST_ALIVE } from './alive.js';

/** One byte for each weight of a layer: 1 where it is chosen. */
export type Marks = Uint8Array;

/** What is 0 is never chosen; so what may be chosen has at least this score. */
const LEAST_SCORE = 2 ** -149;

/** |x|, and above 0. A NaN counts as the largest. */
function scoreOf(x: number): number {
  const size = Math.abs(x);
  if (size > 0) return size;
  return size === 0 ? LEAST_SCORE : Infinity;
}

/** |θ| of the live weights, 0 of the others. */
export function magnitudesOf({ theta }: ParameterState): Float32Array {
  const scores = new Float32Array(theta.length);
  for (let i = 0; i < theta.length; i++) if (theta[i] !== 0) scores[i] = scoreOf(theta[i]);
  return scores;
}

/** |g| where nothing is marked, 0 elsewhere. */
export function scoresBeside(marks: Marks, gradient: Float32Array): Float32Array {
  const scores = new Float32Array(marks.length);
  for (let i = 0; i < marks.length; i++) if (!marks[i]) scores[i] = scoreOf(gradient[i]);
  return scores;
}

/**
 * Marks the `count` largest scores of all layers together; where the last ones are equal, the earlier of them.
 *
 * @param scores ≥ 0, at least `count` of them above 0
 */
export function largest(scores: readonly Float32Array[], count: number): Marks[] {
  const units = scores.map((thresholds) => ({ thresholds, size: 1 }));
  const threshold = lambdaKeeping(units, count);
  const marks = scores.map((layer) => new Uint8Array(layer.length));
  let left = count - markWhere(scores, marks, (score) => score > threshold);
  markWhere(scores, marks, (score) => score === threshold && left-- > 0);
  return marks;
}

/** Marks what fits, in order; returns how many that are. */
function markWhere(
  scores: readonly Float32Array[],
  marks: readonly Marks[],
  fits: (score: number) => boolean,
): number {
  let marked = 0;
  for (const [k, layer] of scores.entries()) {
    for (let i = 0; i < layer.length; i++) {
      if (!fits(layer[i])) continue;
      marks[k][i] = 1;
      marked++;
    }
  }
  return marked;
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
