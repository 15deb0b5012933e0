import { kind, literal, object } from '../schema/index.js';
import type { Regularizer } from './regularizer.js';

/**
 * R = 0, for biases and normalization, and for the dense baselines: LinBreg with it and δ = 1 is
 * SGD. It has no thresholds, because its prox never makes an entry vanish.
 */
export function none(): Regularizer {
  return {
    name: 'none',
    form: { l1: 0, nonnegative: false, group: 0, by: 'entries' },
    value: () => 0,
    prox: () => {},
    subgradient: (_theta, _shape, out) => void out.fill(0),
  };
}

/** No regularizer, in a configuration. */
export const noneKind = kind(object({ kind: literal('none') }), none);
