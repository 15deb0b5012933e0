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
export type DensityPath = Output<typeof pathSchema>;

/**
 * The density after so many epochs on the way from d₀ to d: d + (d₀ − d)(1 − t/T)³, fast at first and slow at the
 * end. Falling, it is the schedule of gradual magnitude pruning (Zhu and Gupta, arXiv 1710.01878) and GraNet
 * (Liu et al., arXiv 2106.10404); rising, its mirror image.
 *
 * @param density d, where it ends and stays
 * @param from null: it is there from the start
 * @param epochs completed, and the part of the one under way
 */
export function densityAfter(density: number, from: DensityPath | null, epochs: number): number {
  if (!from) return density;
  const progress = Math.min(Math.max((epochs - from.start) / from.epochs, 0), 1);
  return density + (from.density - density) * (1 - progress) ** 3;
}
