import type { Regularizer } from './regularizer.js';

/**
 * cR for a constant c > 0: prox_{t cR} = prox_{(ct)R}, and a unit vanishes at a c-th of the threshold. A weight
 * tensor with cR in a group of λ has the λ of its own cλ.
 */
export function scaled(regularizer: Regularizer, c: number): Regularizer {
  const { name, form, thresholds } = regularizer;
  return {
    name,
    value: (theta, shape) => c * regularizer.value(theta, shape),
    prox: (theta, shape, t) => regularizer.prox(theta, shape, c * t),
    subgradient(theta, shape, out) {
      regularizer.subgradient(theta, shape, out);
      for (let i = 0; i < out.length; i++) out[i] *= c;
    },
    ...(thresholds && { thresholds: (v, shape) => thresholds(v, shape).map((t) => t / c) }),
    ...(form && { form: { ...form, l1: c * form.l1, group: c * form.group } }),
  };
}
