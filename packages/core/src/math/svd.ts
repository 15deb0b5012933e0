/** The singular value decomposition of a small matrix, by one-sided Jacobi rotations. */

/**
 * A = Σ_j σ_j u_j v_jᵀ, the triples in no particular order. Vectors lie one after the other, in float64.
 */
export interface Decomposition {
  /** min(rows, columns) numbers σ_j ≥ 0; what is rounding noise beside the largest is exactly 0. */
  readonly values: Float64Array;
  /** u_j of length `rows` at j · rows: of length 1 and orthogonal; 0 where σ_j is 0. */
  readonly left: Float64Array;
  /** v_j of length `columns` at j · columns: likewise. */
  readonly right: Float64Array;
}

/** Far more than it takes: Jacobi's method converges quadratically, in some six to ten sweeps. */
const MOST_SWEEPS = 40;

/**
 * The singular value decomposition of a matrix of rows × columns, row by row. Where an entry
 * is not finite, neither are all values.
 */
export function decompose(matrix: ArrayLike<number>, rows: number, columns: number): Decomposition {
  // The vectors that are turned are the shorter list: the rows of a wide matrix, the columns of a tall one.
  const isWide = rows < columns;
  const [count, length] = isWide ? [rows, columns] : [columns, rows];
  const turned = new Float64Array(count * length);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      turned[isWide ? i * length + j : j * length + i] = matrix[i * columns + j];
    }
  }
  const turns = identity(count);
  const values = orthogonalize(turned, turns, count, length);
  // A = turned · turnsᵀ, or its transpose: the turned vectors are σ_j u_j, the turns v_j.
  for (let j = 0; j < count; j++) {
    if (values[j] === 0) turns.fill(0, j * count, (j + 1) * count);
    const scale = values[j] === 0 ? 0 : 1 / values[j];
    for (let i = j * length; i < (j + 1) * length; i++) turned[i] *= scale;
  }
  // Turns are kept by columns: what the j-th turned vector is made of lies at j · count.
  return isWide ? { values, left: turns, right: turned } : { values, left: turned, right: turns };
}

/**
 * Σ_j f(σ_j) u_j v_jᵀ row by row, such as the matrix itself for f(σ) = σ.
 *
 * @param of f; where σ_j is 0 it is not asked
 */
export function compose(
  { values, left, right }: Decomposition,
  of: (value: number) => number,
  out: Float32Array,
): void {
  const count = values.length;
  const rows = left.length / count;
  const columns = right.length / count;
  const sums = new Float64Array(rows * columns);
  for (let j = 0; j < count; j++) {
    const factor = values[j] === 0 ? 0 : of(values[j]);
    if (factor === 0) continue;
    for (let i = 0; i < rows; i++) {
      const scaled = factor * left[j * rows + i];
      for (let k = 0; k < columns; k++) sums[i * columns + k] += scaled * right[j * columns + k];
    }
  }
  out.set(sums);
}

/**
 * Turns pairs of vectors in their plane until all are orthogonal, and `turns` along with them.
 *
 * @returns their lengths; those that are only rounding noise are 0
 */
function orthogonalize(
  vectors: Float64Array,
  turns: Float64Array,
  count: number,
  length: number,
): Float64Array {
  const tolerance = length * Number.EPSILON;
  const norm = Math.sqrt(vectors.reduce((sum, x) => sum + x * x, 0));
  // Rotations round a vector at this size: below it there is no direction to speak of.
  const noise = tolerance * norm;
  let isTurning = true;
  for (let sweep = 0; isTurning && sweep < MOST_SWEEPS; sweep++) {
    isTurning = false;
    const squares = squaredLengths(vectors, count, length);
    for (let p = 0; p < count - 1; p++) {
      for (let q = p + 1; q < count; q++) {
        const inner = dot(vectors, p * length, q * length, length);
        const a = squares[p];
        const b = squares[q];
        if (Math.min(a, b) <= noise * noise) continue;
        // False also for NaN.
        if (!(Math.abs(inner) > tolerance * Math.sqrt(a * b))) continue;
        isTurning = true;
        const tangent = tangentOf((b - a) / (2 * inner));
        squares[p] = a - tangent * inner;
        squares[q] = b + tangent * inner;
        rotate(vectors, p * length, q * length, length, tangent);
        rotate(turns, p * count, q * count, count, tangent);
      }
    }
  }
  return squaredLengths(vectors, count, length).map((square) => {
    const value = Math.sqrt(square);
    return value < noise ? 0 : value;
  });
}

/** The smaller root t of t² + 2ζt = 1: the tangent of the angle that makes two vectors orthogonal. */
function tangentOf(zeta: number): number {
  return (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.hypot(1, zeta));
}

function rotate(
  vectors: Float64Array,
  p: number,
  q: number,
  length: number,
  tangent: number,
): void {
  const cosine = 1 / Math.hypot(1, tangent);
  const sine = cosine * tangent;
  for (let i = 0; i < length; i++) {
    const x = vectors[p + i];
    const y = vectors[q + i];
    vectors[p + i] = cosine * x - sine * y;
    vectors[q + i] = sine * x + cosine * y;
  }
}

/** In four sums, which a processor adds up side by side. */
function dot(vectors: Float64Array, p: number, q: number, length: number): number {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let i = 0;
  for (; i + 3 < length; i += 4) {
    a += vectors[p + i] * vectors[q + i];
    b += vectors[p + i + 1] * vectors[q + i + 1];
    c += vectors[p + i + 2] * vectors[q + i + 2];
    d += vectors[p + i + 3] * vectors[q + i + 3];
  }
  for (; i < length; i++) a += vectors[p + i] * vectors[q + i];
  return a + b + (c + d);
}

function squaredLengths(vectors: Float64Array, count: number, length: number): Float64Array {
  return Float64Array.from({ length: count }, (_, j) =>
    dot(vectors, j * length, j * length, length),
  );
}

function identity(size: number): Float64Array {
  const matrix = new Float64Array(size * size);
  for (let i = 0; i < size; i++) matrix[i * size + i] = 1;
  return matrix;
}
