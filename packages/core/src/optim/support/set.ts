import { type RandomStream, stream } from '../../math/index.js';
import { kind, literal, type Output, object } from '../../schema/index.js';
import { shareWeights } from '../budget.js';
import type { Marks } from './marks.js';
import { rewireOptions, stepsUntil } from './options.js';
import type { SupportContext, SupportPolicy } from './policy.js';
import { type Grow, rewire } from './rewire.js';

const schema = object({ kind: literal('set'), ...rewireOptions });

/**
 * SET, sparse evolutionary training (Mocanu et al., Scalable training of artificial neural networks with adaptive
 * sparse connectivity inspired by network science, 2018): after every `everySteps`-th step it drops the share
 * `fraction` of each layer's live weights, those nearest to 0, and grows as many at random. It needs no gradient
 * of a weight that rests. Grown weights begin at 0, as where Evci et al. (2020) compare it with RigL; its authors
 * draw them anew.
 *
 * @throws {UserError} the density leaves a layer empty
 */
export function set(options: Output<typeof schema>, run: SupportContext): SupportPolicy {
  const { density, budget, everySteps, fraction } = options;
  const end = stepsUntil(options, run);
  return {
    name: 'set',
    start: shareWeights(run.layers, density, budget),
    scope: () => 'support',
    changes: (steps) => (steps + 1) % everySteps === 0 && steps + 1 < end,
    change(layers, steps) {
      for (const { name, state } of layers) {
        rewire(state, fraction, growAtRandom(stream(run.seed, 'grow', steps, name)));
      }
    },
  };
}

/** Every choice is equally likely. */
function growAtRandom(random: RandomStream): Grow {
  return (kept, count) => {
    const candidates = unmarked(kept);
    const marks: Marks = new Uint8Array(kept.length);
    for (let n = 0; n < count; n++) {
      const drawn = n + random.below(candidates.length - n);
      marks[candidates[drawn]] = 1;
      candidates[drawn] = candidates[n];
    }
    return marks;
  };
}

/** The numbers of the weights that are not marked, ascending. */
function unmarked(marks: Marks): Uint32Array {
  const indices = new Uint32Array(marks.length);
  let length = 0;
  for (let i = 0; i < marks.length; i++) if (!marks[i]) indices[length++] = i;
  return indices.subarray(0, length);
}

/** SET in a configuration. */
export const setKind = kind(schema, set);
