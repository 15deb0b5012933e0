import { kind, literal, object } from '../schema/index.js';
import { groupNorms, groupsOf, scaleGroups } from './groups.js';
import { type GroupAxis, groupAxis, type Regularizer } from './regularizer.js';

/**
 * R(θ) = Σ_g √n_g ‖θ_g‖₂, n_g the size of the group: whole groups vanish together.
 *
 * Its functions throw a UserError on shapes that have no such groups, see {@link groupsOf}.
 */
export function group(by: GroupAxis): Regularizer {
  return {
    name: `group(${by})`,
    form: { l1: 0, nonnegative: false, group: 1, by },

    value(theta, shape) {
      const groups = groupsOf(shape, by);
      const sum = groupNorms(theta, groups).reduce((total, norm) => total + norm, 0);
      return Math.sqrt(groups.size) * sum;
    },

    prox(theta, shape, t) {
      const groups = groupsOf(shape, by);
      const radius = t * Math.sqrt(groups.size);
      scaleGroups(theta, groups, (norm) => (norm <= radius ? 0 : 1 - radius / norm), theta);
    },

    subgradient(theta, shape, out) {
      const groups = groupsOf(shape, by);
      const weight = Math.sqrt(groups.size);
      scaleGroups(theta, groups, (norm) => (norm === 0 ? 0 : weight / norm), out);
    },

    thresholds(v, shape) {
      const groups = groupsOf(shape, by);
      const weight = Math.sqrt(groups.size);
      return Float32Array.from(groupNorms(v, groups), (norm) => norm / weight);
    },
  };
}

/** Groups in a configuration. */
export const groupKind = kind(object({ kind: literal('group'), by: groupAxis }), ({ by }) =>
  group(by),
);
