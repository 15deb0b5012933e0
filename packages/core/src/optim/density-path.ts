/** A density that moves over the run. */
import { number, type Output, object, withDefault } from '../schema/index.js';

/** Where a target density comes from, and when it arrives. */
export const pathSchema = object({
  /** d₀: live weights / weights to begin with, in (0, 1]. */
  density: number(0, 1, { open: true }),
  /** T: how many epochs the way takes; fractions are allowed. */
  epochs: number(0, Infinity, { open: true }),
  /** Epochs that it stays at d₀ before. */
  start: withDefault(number(0), 0),
});

/** The beginning of a path of densities. */
type DensityPath = Output<typeof pathSchema>;

/**
 * The density after so many epochs on the way from d₀ to d, see {@link alongCubic}.
 *
 * @param density d, where it ends and stays
 * @param from null: it is there from the start
 * @param epochs completed, and the part of the one under way
 */
export function densityAfter(density: number, from: DensityPath | null, epochs: number): number {
  if (!from) return density;
  return alongCubic(from.density, density, (epochs - from.start) / from.epochs);
}

/**
 * b + (a − b)(1 − p)³: from a at p = 0 to b at p = 1, fast at first and slow at the end. Falling, it is the schedule of
 * gradual magnitude pruning (Zhu and Gupta, arXiv 1710.01878) and GraNet (Liu et al., arXiv 2106.10404); rising, its
 * mirror image.
 *
 * @param progress p; before 0 and after 1 nothing moves
 */
export function alongCubic(from: number, to: number, progress: number): number {
  const left = 1 - Math.min(Math.max(progress, 0), 1);
  return to + (from - to) * left ** 3;
}
