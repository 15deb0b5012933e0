import { quoted, UserError } from '../files/errors.js';
import type { Samples } from './samples.js';

/**
 * Samples with their labels as another list of names has them: data of another folder may number the
 * same classes otherwise, or hold only some of them.
 *
 * @param from the names of the samples' classes, in the order of their labels
 * @param to the names to number them by
 * @param source what messages begin with, such as the folder
 * @throws {UserError} a class is not among `to`
 */
export function relabeled(
  samples: Samples,
  from: readonly string[],
  to: readonly string[],
  source: string,
): Samples {
  const { targets } = samples;
  if (targets.kind !== 'classes') return samples;
  const numbers = from.map((name) => {
    const number = to.indexOf(name);
    if (number >= 0) return number;
    const known = to.slice(0, 10).map(quoted).join(', ') + (to.length > 10 ? ', …' : '');
    throw new UserError(`${source}: class ${quoted(name)} is none of the network's: ${known}`);
  });
  const labels = Int32Array.from(targets.labels, (label) => numbers[label]);
  return { ...samples, targets: { kind: 'classes', labels, classes: to.length } };
}
