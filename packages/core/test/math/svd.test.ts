import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { compose, type Decomposition, decompose } from '#lib/math/svd.js';

/** Matrices of all proportions, with zeros, of full rank or not, from tiny to huge numbers. */
const matrices = fc
  .record({
    rows: fc.integer({ min: 1, max: 9 }),
    columns: fc.integer({ min: 1, max: 9 }),
    rank: fc.integer({ min: 0, max: 9 }),
    exponent: fc.integer({ min: -30, max: 30 }),
  })
  .chain(({ rows, columns, rank, exponent }) =>
    fc.tuple(entries(rows * rank), entries(rank * columns)).map(([left, right]) => ({
      rows,
      columns,
      rank,
      matrix: product(left, right, rows, rank, columns).map((x) => x * 2 ** exponent),
    })),
  );

function entries(length: number): fc.Arbitrary<number[]> {
  const entry = fc.integer({ min: -400, max: 400 }).map((hundredths) => hundredths / 100);
  return fc.array(entry, { minLength: length, maxLength: length });
}

function product(a: number[], b: number[], rows: number, inner: number, columns: number): number[] {
  return Array.from({ length: rows * columns }, (_, at) => {
    const i = Math.floor(at / columns);
    const j = at % columns;
    let sum = 0;
    for (let k = 0; k < inner; k++) sum += a[i * inner + k] * b[k * columns + j];
    return sum;
  });
}

function norm(values: Iterable<number>): number {
  return Math.hypot(...values);
}

/** The vectors that lie one after the other. */
function vectorsOf({ values }: Decomposition, list: Float64Array): Float64Array[] {
  const length = list.length / values.length;
  return Array.from(values, (_, j) => list.subarray(j * length, (j + 1) * length));
}

describe('the singular value decomposition', () => {
  test('has min(rows, columns) values ≥ 0, no more of them positive than the rank', () => {
    fc.assert(
      fc.property(matrices, ({ matrix, rows, columns, rank }) => {
        const { values } = decompose(matrix, rows, columns);
        assert.equal(values.length, Math.min(rows, columns));
        assert.ok(values.every((value) => value >= 0));
        assert.ok(values.filter((value) => value > 1e-13 * norm(matrix)).length <= rank);
      }),
    );
  });

  test('has orthogonal vectors of length 1 where the value is not zero, and zeros elsewhere', () => {
    fc.assert(
      fc.property(matrices, ({ matrix, rows, columns }) => {
        const decomposition = decompose(matrix, rows, columns);
        const { values, left, right } = decomposition;
        // Vectors of values so near to the noise are only as exact as that.
        const isClear = (j: number) => values[j] > 1e-6 * norm(matrix);
        for (const list of [left, right]) {
          const vectors = vectorsOf(decomposition, list);
          for (const [i, a] of vectors.entries()) {
            for (const [j, b] of vectors.entries()) {
              const inner = a.reduce((sum, x, k) => sum + x * b[k], 0);
              if (values[i] === 0 || values[j] === 0) assert.equal(inner, 0);
              else if (i === j) assert.ok(Math.abs(inner - 1) < 1e-12);
              else if (isClear(i) && isClear(j)) assert.ok(Math.abs(inner) < 1e-9);
            }
          }
        }
      }),
    );
  });

  test('gives the matrix again, and its squares add up to the squares of the values', () => {
    fc.assert(
      fc.property(matrices, ({ matrix, rows, columns }) => {
        const decomposition = decompose(matrix, rows, columns);
        const again = new Float32Array(matrix.length);
        compose(decomposition, (value) => value, again);
        const size = norm(matrix);
        const missed = norm(matrix.map((x, i) => x - again[i]));
        assert.ok(missed <= 1e-6 * size, `${missed} of ${size}`);
        assert.ok(Math.abs(norm(decomposition.values) - size) <= 1e-13 * size);
      }),
    );
  });

  test('finds the values that a matrix was made of', () => {
    const values = fc.array(fc.double({ min: 0, max: 100, noNaN: true }), {
      minLength: 1,
      maxLength: 6,
    });
    const direction = fc.array(fc.double({ min: 0.1, max: 1, noNaN: true }), {
      minLength: 8,
      maxLength: 8,
    });
    fc.assert(
      fc.property(values, direction, direction, fc.nat(2), (given, a, b, more) => {
        const rows = given.length + more;
        const columns = given.length;
        // Mirrored at a plane on both sides, a diagonal matrix keeps its singular values.
        const diagonal = Array.from({ length: rows * columns }, (_, at) =>
          at % (columns + 1) === 0 ? (given[at / (columns + 1)] ?? 0) : 0,
        );
        const left = mirror(a.slice(0, rows));
        const right = mirror(b.slice(0, columns));
        const half = product(left, diagonal, rows, rows, columns);
        const matrix = product(half, right, rows, columns, columns);
        const found = decompose(matrix, rows, columns).values.toSorted();
        for (const [i, value] of given.toSorted((x, y) => x - y).entries()) {
          assert.ok(Math.abs(found[i] - value) < 1e-11, `${found[i]}, not ${value}`);
        }
      }),
    );
  });

  test('of the golden matrix: ((1 1) (1 0)) has the golden ratio and its inverse', () => {
    const golden = (1 + Math.sqrt(5)) / 2;
    const [small, large] = decompose([1, 1, 1, 0], 2, 2).values.toSorted();
    assert.ok(Math.abs(large - golden) < 1e-15 && Math.abs(small - 1 / golden) < 1e-15);
  });

  test('of equal columns has one value, exactly', () => {
    const column = Array.from({ length: 5 }, (_, i) => Math.sin(i + 1));
    const matrix = column.flatMap((x) => [x, x, x]);
    const found = [...decompose(matrix, 5, 3).values].filter((value) => value !== 0);
    assert.equal(found.length, 1);
    assert.ok(Math.abs(found[0] - Math.sqrt(3) * norm(column)) < 1e-14);
  });

  test('of nothing but zeros is nothing but zeros', () => {
    for (const list of Object.values(decompose(new Float32Array(12), 3, 4))) {
      assert.ok(list.every((entry: number) => entry === 0));
    }
  });

  test('comes to an end at NaN and infinity, and shows them', () => {
    for (const broken of [Number.NaN, Infinity]) {
      const { values } = decompose([1, 2, broken, 4, 5, 6], 2, 3);
      assert.ok(!values.every(Number.isFinite));
    }
  });
});

/** I − 2wwᵀ / ‖w‖², which is orthogonal. */
function mirror(w: number[]): number[] {
  const square = norm(w) ** 2;
  return w.flatMap((x, i) => w.map((y, j) => (i === j ? 1 : 0) - (2 * x * y) / square));
}
