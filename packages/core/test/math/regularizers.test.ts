import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  bregmanDistance,
  elasticNet,
  group,
  l1,
  nonnegativeL1,
  nuclear,
  type RegularizerSpec,
  regularizerFrom,
  sparseGroup,
} from '#lib/math/index.js';
import { decompose } from '#lib/math/svd.js';
import { cases, dot, minus, positive, proxOf, tensor } from './arbitraries.js';

for (const { regularizer, shape } of cases) {
  describe(`${regularizer.name} on (${shape})`, () => {
    test('the prox is firmly nonexpansive: ‖p − q‖² ≤ ⟨p − q, x − y⟩', () => {
      fc.assert(
        fc.property(tensor(shape), tensor(shape), positive, (x, y, t) => {
          const difference = minus(
            proxOf(regularizer, x, shape, t),
            proxOf(regularizer, y, shape, t),
          );
          assert.ok(dot(difference, difference) <= dot(difference, minus(x, y)) + 1e-4);
        }),
      );
    });

    test('the prox minimizes ½‖x − v‖² + tR(x)', () => {
      fc.assert(
        fc.property(tensor(shape), tensor(shape), positive, (v, other, t) => {
          const objective = (x: Float32Array) =>
            dot(minus(x, v), minus(x, v)) / 2 + t * regularizer.value(x, shape);
          const best = objective(proxOf(regularizer, v, shape, t));
          assert.ok(best <= objective(other) + 1e-4);
          assert.ok(best <= objective(v) + 1e-4);
        }),
      );
    });

    test('v = x − prox is a subgradient at the prox, and so is what subgradient gives', () => {
      fc.assert(
        fc.property(tensor(shape), tensor(shape), positive, (x, other, t) => {
          const b = proxOf(regularizer, x, shape, t);
          assert.ok(bregmanDistance(regularizer, t, minus(x, b), other, b, shape) >= -1e-3);
          const s = new Float32Array(b.length);
          regularizer.subgradient(b, shape, s);
          assert.ok(bregmanDistance(regularizer, 1, s, other, b, shape) >= -1e-3);
          assert.ok(Math.abs(bregmanDistance(regularizer, 1, s, b, b, shape)) === 0);
        }),
      );
    });

    test('the subgradient attains R(θ) = ⟨s, θ⟩ and is 0 at 0', () => {
      fc.assert(
        fc.property(tensor(shape), (x) => {
          const theta = proxOf(regularizer, x, shape, 0);
          const s = new Float32Array(theta.length);
          regularizer.subgradient(theta, shape, s);
          assert.ok(Math.abs(dot(s, theta) - regularizer.value(theta, shape)) < 1e-3);
          regularizer.subgradient(new Float32Array(theta.length), shape, s);
          assert.ok(s.every((entry) => entry === 0));
        }),
      );
    });

    test('a NaN is not hidden by the prox', () => {
      const theta = new Float32Array(shape.reduce((a, b) => a * b)).fill(1);
      theta[0] = Number.NaN;
      assert.ok(Number.isNaN(proxOf(regularizer, theta, shape, 0.5)[0]));
    });

    if (regularizer.thresholds) {
      test('a unit survives the prox while its threshold is above t', () => {
        fc.assert(
          fc.property(tensor(shape), positive, (v, t) => {
            const units = regularizer.thresholds!(v, shape);
            // Whether a group survived shows in the thresholds of what is left.
            const left = regularizer.thresholds!(proxOf(regularizer, v, shape, t), shape);
            units.forEach((threshold, unit) => {
              if (Math.abs(threshold - t) < 1e-5 * t) return;
              assert.equal(left[unit] > 0, threshold > t, `unit ${unit}`);
            });
          }),
        );
      });
    }
  });
}

describe('values by hand', () => {
  const theta = Float32Array.of(3, 4, 0, 0, 0, -2);
  test('l1', () => assert.equal(l1().value(theta, [2, 3]), 9));
  test('nonnegative l1 is infinite below zero', () => {
    assert.equal(nonnegativeL1().value(theta, [2, 3]), Infinity);
    assert.equal(nonnegativeL1().value(theta.subarray(0, 3), [3]), 7);
  });
  test('rows', () => {
    assert.ok(Math.abs(group('rows').value(theta, [2, 3]) - Math.sqrt(3) * 7) < 1e-12);
  });
  test('columns', () => {
    assert.ok(Math.abs(group('columns').value(theta, [2, 3]) - Math.SQRT2 * 9) < 1e-12);
  });
  test('kernels of a linear weight are its entries', () => {
    assert.equal(group('kernels').value(theta, [2, 3]), 9);
    assert.deepEqual(group('kernels').thresholds!(theta, [2, 3]), theta.map(Math.abs));
  });
  test('filters are rows', () => {
    assert.equal(group('filters').value(theta, [2, 3, 1, 1]), group('rows').value(theta, [2, 3]));
  });
  test('elastic net', () => {
    assert.equal(elasticNet(l1(), 0.5, theta, [2, 3], 2), 4.5 + 29 / 4);
  });
});

describe('nuclear', () => {
  test('the prox shrinks the singular values and keeps the singular vectors', () => {
    // diag(3, 1) turned by known rotations: prox at 1.5 leaves diag(1.5, 0).
    const c = Math.cos(0.7);
    const s = Math.sin(0.7);
    const rotated = (a: number, b: number) => Float32Array.of(c * a, s * b, -s * a, c * b); // R diag(a, b)
    const theta = proxOf(nuclear(), rotated(3, 1), [2, 2], 1.5);
    rotated(1.5, 0).forEach((x, i) => void assert.ok(Math.abs(theta[i] - x) < 1e-6));
  });

  test('wide, tall and rank-4 tensors: singular values fall by t', () => {
    for (const shape of [
      [2, 5],
      [5, 2],
      [3, 2, 2, 2],
    ]) {
      const size = shape.reduce((a, b) => a * b);
      const theta = Float32Array.from({ length: size }, (_, i) => Math.sin(3 * i + 1));
      const singular = (x: Float32Array) =>
        decompose(x, shape[0], size / shape[0])
          .values.sort()
          .reverse();
      const before = singular(theta);
      const after = singular(proxOf(nuclear(), theta, shape, 0.4));
      before.forEach((value, i) => {
        assert.ok(Math.abs(after[i] - Math.max(value - 0.4, 0)) < 1e-6);
      });
    }
  });
});

describe('errors and specifications', () => {
  test('columns and kernels need rank 2', () => {
    for (const by of ['columns', 'kernels'] as const) {
      assert.throws(() => group(by).value(new Float32Array(3), [3]), /rank 2 or more/);
    }
  });

  test('a sparse group needs a real mix', () => {
    for (const mix of [0, 1, -1, Number.NaN]) {
      assert.throws(() => sparseGroup('rows', mix), RangeError);
    }
  });

  test('regularizerFrom builds every kind', () => {
    const specs: [RegularizerSpec, string][] = [
      [{ kind: 'none' }, 'none'],
      [{ kind: 'l1' }, 'l1'],
      [{ kind: 'nonnegative-l1' }, 'nonnegative-l1'],
      [{ kind: 'group', by: 'kernels' }, 'group(kernels)'],
      [{ kind: 'sparse-group', by: 'rows', mix: 0.5 }, 'sparse-group(rows, 0.5)'],
      [{ kind: 'nuclear' }, 'nuclear'],
    ];
    for (const [spec, name] of specs) assert.equal(regularizerFrom(spec).name, name);
    assert.throws(() => regularizerFrom({ kind: 'l2' } as unknown as RegularizerSpec), /"l2"/);
  });
});
