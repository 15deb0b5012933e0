import { UserError } from '../files/errors.js';
import { type Shape, sizeOf } from '../math/index.js';
import { type Output, oneOf } from '../schema/index.js';

/** How a number of weights is shared out among layers. */
export const budgetRule = oneOf(['erk', 'uniform']);

/** `erk` or `uniform`, see {@link shareWeights}. */
export type BudgetRule = Output<typeof budgetRule>;

/** A weight tensor that takes part. */
export interface BudgetedLayer {
  /** For messages, such as `conv1.weight`. */
  readonly name: string;
  readonly shape: Shape;
  /** It keeps all its weights, and the others share what is left. */
  readonly isDense?: boolean;
}

/**
 * Shares out density · N weights among layers of N weights together: to each a whole number, at least one and
 * at most all that the layer has, and together exactly the rounded total. A layer of n weights gets by
 *
 * - `uniform`: the same share of its weights as every other;
 * - `erk`: in proportion to the sum of its dimensions, which makes its density proportional to
 *   (out + in + height + width) / (out · in · height · width), or (out + in) / (out · in) for a linear layer:
 *   the Erdős–Rényi kernel (Evci et al., Rigging the Lottery, 2020; for linear layers Mocanu et al., 2018). A
 *   layer that would get more than it has keeps all its weights, and the others share the rest likewise.
 *
 * @param density live weights / weights of all these layers, dense ones too, in (0, 1]
 * @returns how many weights of each layer may live, in the order of the layers
 * @throws {UserError} a layer would be left without any, or the dense ones take all there is
 */
export function shareWeights(
  layers: readonly BudgetedLayer[],
  density: number,
  rule: BudgetRule,
): number[] {
  const sizes = layers.map(({ shape }) => sizeOf(shape));
  const total = Math.round(density * sum(sizes));
  const ideal = idealCounts(layers, total, density, rule);
  const least = ideal.indexOf(Math.min(...ideal));
  // What holds at two densities holds between them: a share only grows with the density.
  if (ideal[least] >= 0.5 && total >= layers.length) return roundTogether(ideal, sizes, total);
  throw new UserError(
    `density ${density} leaves none of the ${sizes[least]} weights of ${layers[least].name}; it must be higher, ` +
      'or the layer be dense',
  );
}

/** The counts before rounding; they add up to the total. */
function idealCounts(
  layers: readonly BudgetedLayer[],
  total: number,
  density: number,
  rule: BudgetRule,
): number[] {
  const sizes = layers.map(({ shape }) => sizeOf(shape));
  const portions = layers.map(({ shape }) => (rule === 'erk' ? sum(shape) : sizeOf(shape)));
  const isFull = layers.map(({ isDense = false }) => isDense);
  for (;;) {
    const sumWhere = (numbers: readonly number[], full: boolean) =>
      sum(numbers.filter((_, i) => isFull[i] === full));
    const rest = total - sumWhere(sizes, true);
    if (rest < 0) throw denseTakeAll(layers, density);
    const perPortion = rest / sumWhere(portions, false);
    const overfull = sizes.map((size, i) => !isFull[i] && perPortion * portions[i] > size);
    if (!overfull.includes(true)) {
      return sizes.map((size, i) => (isFull[i] ? size : perPortion * portions[i]));
    }
    for (const [i, is] of overfull.entries()) if (is) isFull[i] = true;
  }
}

function denseTakeAll(layers: readonly BudgetedLayer[], density: number): UserError {
  const names = layers.filter(({ isDense }) => isDense).map(({ name }) => name);
  return new UserError(
    `density ${density} is less than the dense layers hold alone (${names.join(', ')}); it must be ` +
      'higher, or fewer layers be dense',
  );
}

/**
 * Whole numbers from 1 on of a given sum: the largest fractions are rounded up. Where too many small ones become 1, the
 * largest layer that is not full makes up for it.
 *
 * @param ideal each at least ½, of that sum
 */
function roundTogether(
  ideal: readonly number[],
  sizes: readonly number[],
  total: number,
): number[] {
  const counts = ideal.map((count) => Math.max(1, Math.floor(count)));
  const left = total - sum(counts);
  if (left < 0) {
    const open = ideal.map((count, i) => (count < sizes[i] ? count : 0));
    counts[open.indexOf(Math.max(...open))] += left;
    return counts;
  }
  const byFraction = ideal.map((_, i) => i);
  byFraction.sort((a, b) => ideal[b] - counts[b] - (ideal[a] - counts[a]));
  for (const i of byFraction.slice(0, left)) counts[i]++;
  return counts;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
