import fc from 'fast-check';
import type { Regularizer, Shape } from '#lib/math/index.js';
import {
  group,
  l1,
  none,
  nonnegativeL1,
  nuclear,
  scaled,
  sizeOf,
  sparseGroup,
} from '#lib/math/index.js';

/** Every regularizer of the library, with a shape that suits it. */
export const cases: readonly { regularizer: Regularizer; shape: Shape }[] = [
  { regularizer: none(), shape: [3, 4] },
  { regularizer: l1(), shape: [3, 4] },
  { regularizer: nonnegativeL1(), shape: [3, 4] },
  { regularizer: group('rows'), shape: [3, 4] },
  { regularizer: group('columns'), shape: [3, 2, 2] },
  { regularizer: group('kernels'), shape: [2, 3, 2, 2] },
  { regularizer: group('filters'), shape: [3, 2, 2, 1] },
  { regularizer: sparseGroup('rows', 0.5), shape: [3, 4] },
  { regularizer: sparseGroup('columns', 0.2), shape: [4, 3] },
  { regularizer: scaled(l1(), 0.3), shape: [3, 4] },
  { regularizer: scaled(sparseGroup('rows', 0.5), 2.5), shape: [3, 4] },
  { regularizer: nuclear(), shape: [3, 4] },
  { regularizer: nuclear(), shape: [4, 3, 2] },
];

/** Tensors of moderate numbers, many of them zero. */
export function tensor(shape: Shape): fc.Arbitrary<Float32Array> {
  const entry = fc.oneof(fc.constant(0), fc.float({ min: -4, max: 4, noNaN: true }));
  const size = sizeOf(shape);
  return fc
    .array(entry, { minLength: size, maxLength: size })
    .map((entries) => Float32Array.from(entries));
}

/** A number that is safely positive. */
export const positive = fc.double({ min: 0.01, max: 3, noNaN: true });

export function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, x, i) => sum + x * b[i], 0);
}

export function minus(a: Float32Array, b: Float32Array): Float32Array {
  return a.map((x, i) => x - b[i]);
}

/** prox_{tR}(v) as a new array. */
export function proxOf(regularizer: Regularizer, v: Float32Array, shape: Shape, t: number) {
  const theta = v.slice();
  regularizer.prox(theta, shape, t);
  return theta;
}
