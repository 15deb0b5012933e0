import { kind, literal, object } from '../schema/index.js';
import type { Regularizer } from './regularizer.js';

/** R(θ) = ‖θ‖₁; its prox is the soft threshold, its units are the entries. */
export function l1(): Regularizer {
  return {
    name: 'l1',
    form: { l1: 1, nonnegative: false, group: 0, by: 'entries' },

    value: (theta) => theta.reduce((sum, x) => sum + Math.abs(x), 0),

    // Moreau: the soft threshold is what the projection to [−t, t] leaves. Unlike a comparison
    // with t, this lets a NaN through.
    prox(theta, _shape, t) {
      for (let i = 0; i < theta.length; i++) {
        theta[i] -= Math.max(-t, Math.min(t, theta[i]));
      }
    },

    subgradient(theta, _shape, out) {
      for (let i = 0; i < theta.length; i++) out[i] = Math.sign(theta[i]);
    },

    thresholds: (v) => v.map(Math.abs),
  };
}

/**
 * R(θ) = ‖θ‖₁ where θ ≥ 0, and ∞ elsewhere; its units are the entries.
 *
 * A start or a plain gradient step may leave negative entries, where no subgradient exists; the
 * sign stands in for it there, so that v lies on the side of zero and the first prox removes them.
 */
export function nonnegativeL1(): Regularizer {
  return {
    name: 'nonnegative-l1',
    form: { l1: 1, nonnegative: true, group: 0, by: 'entries' },

    value: (theta) => theta.reduce((sum, x) => sum + (x < 0 ? Infinity : x), 0),

    prox(theta, _shape, t) {
      for (let i = 0; i < theta.length; i++) theta[i] = Math.max(theta[i] - t, 0);
    },

    subgradient(theta, _shape, out) {
      for (let i = 0; i < theta.length; i++) out[i] = Math.sign(theta[i]);
    },

    thresholds: (v) => v.map((x) => Math.max(x, 0)),
  };
}

/** ‖θ‖₁ in a configuration. */
export const l1Kind = kind(object({ kind: literal('l1') }), l1);

/** ‖θ‖₁ on θ ≥ 0 in a configuration. */
export const nonnegativeL1Kind = kind(object({ kind: literal('nonnegative-l1') }), nonnegativeL1);
