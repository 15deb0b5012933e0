import { check, kind, literal, object } from '../schema/index.js';
import { group } from './group.js';
import type { Groups } from './groups.js';
import { groupAt, groupsOf } from './groups.js';
import { l1 } from './l1.js';
import { type GroupAxis, groupAxis, type Regularizer } from './regularizer.js';

/**
 * R(θ) = mix ‖θ‖₁ + (1 − mix) Σ_g √n_g ‖θ_g‖₂: few groups, and few entries in each. Its prox is the
 * group prox after the soft threshold. Its units are the entries: one vanishes when its own soft
 * threshold or that of its group is reached.
 *
 * @param mix share of l1, strictly between 0 and 1 (at the ends use `group` and `l1`).
 * @throws RangeError on another mix; its functions throw a UserError on shapes without such groups.
 */
export function sparseGroup(by: GroupAxis, mix: number): Regularizer {
  if (!(mix > 0 && mix < 1)) {
    throw new RangeError(`the mix of a sparse group lies between 0 and 1, got ${mix}`);
  }
  const entries = l1();
  const grouped = group(by);

  return {
    name: `sparse-group(${by}, ${mix})`,
    form: { l1: mix, nonnegative: false, group: 1 - mix, by },

    value: (theta, shape) =>
      mix * entries.value(theta, shape) + (1 - mix) * grouped.value(theta, shape),

    prox(theta, shape, t) {
      entries.prox(theta, shape, mix * t);
      grouped.prox(theta, shape, (1 - mix) * t);
    },

    subgradient(theta, shape, out) {
      grouped.subgradient(theta, shape, out);
      for (let i = 0; i < theta.length; i++) {
        out[i] = mix * Math.sign(theta[i]) + (1 - mix) * out[i];
      }
    },

    thresholds(v, shape) {
      const groups = groupsOf(shape, by);
      const roots = groupThresholds(v, groups, mix);
      return v.map((x, i) => Math.min(Math.abs(x) / mix, roots[groupAt(i, groups)]));
    },
  };
}

/**
 * For every group the root t of f(t) = ‖soft(v_g, mix t)‖ − (1 − mix) √n_g t. As f is convex and
 * falls, Newton's method climbs from 0 to the root without passing it.
 */
function groupThresholds(v: Float32Array, groups: Groups, mix: number): Float64Array {
  const weight = (1 - mix) * Math.sqrt(groups.size);
  const roots = new Float64Array(groups.count);
  for (let moving = true; moving; ) {
    const sums = new Float64Array(groups.count);
    const squares = new Float64Array(groups.count);
    for (let i = 0; i < v.length; i++) {
      const g = groupAt(i, groups);
      const excess = Math.max(Math.abs(v[i]) - mix * roots[g], 0);
      sums[g] += excess;
      squares[g] += excess * excess;
    }
    moving = false;
    for (let g = 0; g < groups.count; g++) {
      const norm = Math.sqrt(squares[g]);
      const slope = (mix * sums[g]) / norm + weight;
      const next = roots[g] + (norm - weight * roots[g]) / slope;
      // False also for the NaN of a zero group. 1e-9 is well below the spacing of float32.
      if (next > roots[g] * (1 + 1e-9)) {
        roots[g] = next;
        moving = true;
      }
    }
  }
  return roots;
}

const mix = check<number>(
  'a number between 0 and 1',
  (x) => typeof x === 'number' && x > 0 && x < 1,
);

/** Sparse groups in a configuration. */
export const sparseGroupKind = kind(
  object({ kind: literal('sparse-group'), by: groupAxis, mix }),
  ({ by, mix }) => sparseGroup(by, mix),
);
