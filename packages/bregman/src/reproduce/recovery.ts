import { l1, stream } from '@bregman/core/math';
import { type Hyperparameters, initialState, methods } from '@bregman/core/optim';
import { number, type Output, object, oneOf, whole, withDefault } from '@bregman/core/schema';
import type { Row } from './metric.js';

/** A problem of compressed sensing, with the method that solves it. */
export const recoverySchema = object({
  /** Equations and unknowns of Ax = b, and non-zeros of the x that is sought. */
  equations: whole(1),
  unknowns: whole(1),
  nonZeros: whole(1),
  /** Standard deviation of the noise on b. */
  noise: withDefault(number(0), 0),
  /** ProxSGD with the full gradient is ISTA, for λ‖x‖₁ + ½‖Ax − b‖². */
  method: withDefault(oneOf(['linbreg', 'proxsgd']), 'linbreg'),
  lambda: number(0),
  /** In units of 1/‖A‖²; from 2 on the iterations are not stable. */
  step: withDefault(number(0, 2, { open: true }), 1),
  iterations: withDefault(whole(1), 2000),
  /** Iterations between two lines of the metrics. */
  every: withDefault(whole(1), 20),
  seed: withDefault(whole(0, 2 ** 32 - 1), 0),
});

/** A checked problem of compressed sensing, with the method that solves it. */
export type Recovery = Output<typeof recoverySchema>;

/** Metrics after so many iterations. */
export interface RecoveryMetrics {
  readonly at: number;
  readonly row: Row;
}

/**
 * Recovers a sparse x from b = A x + noise by full gradients of ½‖Ax − b‖², from x = 0. A has normal
 * entries of variance 1/equations, the non-zeros of x are ±1 and larger.
 */
export function recover(problem: Recovery): RecoveryMetrics[] {
  const { equations, unknowns, lambda, iterations, every } = problem;
  const { matrix, solution, data } = draw(problem);
  const hyper: Hyperparameters = {
    learningRate: problem.step / squaredNorm(matrix, equations, unknowns),
    lambda,
    momentum: 0,
    delta: 1,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
  };
  const method = methods[problem.method];
  const regularizer = l1();
  const theta = new Float32Array(unknowns);
  const state = initialState(method, theta, [unknowns], hyper, regularizer);
  const metrics: RecoveryMetrics[] = [];
  for (let t = 1; t <= iterations; t++) {
    const residual = minus(multiply(matrix, theta, equations), data);
    const gradient = multiplyTransposed(matrix, residual, unknowns);
    method.step(state, gradient, hyper, regularizer, t);
    if (t % every === 0 || t === iterations) {
      const left = minus(multiply(matrix, theta, equations), data);
      const J = lambda * regularizer.value(theta, [unknowns]);
      metrics.push({ at: t, row: measure(theta, solution, norm(left) / norm(data), J) });
    }
  }
  return metrics;
}

function draw({ equations, unknowns, nonZeros, noise, seed }: Recovery) {
  const entries = stream(seed, 'recovery', 'matrix');
  const matrix = Float32Array.from(
    { length: equations * unknowns },
    () => entries.normal() / Math.sqrt(equations),
  );
  const places = Int32Array.from({ length: unknowns }, (_, i) => i);
  const random = stream(seed, 'recovery', 'solution');
  random.shuffle(places);
  const solution = new Float32Array(unknowns);
  for (const place of places.subarray(0, nonZeros)) {
    solution[place] = (random.bernoulli(0.5) ? 1 : -1) * (1 + Math.abs(random.normal()));
  }
  const disturbance = stream(seed, 'recovery', 'noise');
  const data = multiply(matrix, solution, equations).map((b) => b + noise * disturbance.normal());
  return { matrix, solution, data };
}

function measure(x: Float32Array, solution: Float32Array, residual: number, J: number): Row {
  let found = 0;
  let wrong = 0;
  let wanted = 0;
  for (const [i, value] of x.entries()) {
    if (solution[i] !== 0) wanted++;
    if (value === 0) continue;
    if (solution[i] === 0) wrong++;
    else found++;
  }
  return {
    error: norm(minus(x, solution)) / norm(solution),
    residual,
    regularizer: J,
    support: found + wrong,
    'support found': found / wanted,
    'support wrong': wrong,
  };
}

/** ‖A‖² by fifty steps of the power method, which come from below, and 2 % for what they leave. */
function squaredNorm(matrix: Float32Array, equations: number, unknowns: number): number {
  let x: Float32Array = Float32Array.from({ length: unknowns }, () => 1);
  let largest = 0;
  for (let i = 0; i < 50; i++) {
    const length = norm(x);
    x = multiplyTransposed(
      matrix,
      multiply(
        matrix,
        x.map((each) => each / length),
        equations,
      ),
      unknowns,
    );
    largest = norm(x);
  }
  return 1.02 * largest;
}

/** A x, by the non-zeros of x. */
function multiply(matrix: Float32Array, x: Float32Array, rows: number): Float32Array {
  const support: number[] = [];
  for (const [i, value] of x.entries()) if (value !== 0) support.push(i);
  return Float32Array.from({ length: rows }, (_, row) => {
    const start = row * x.length;
    let sum = 0;
    for (const i of support) sum += matrix[start + i] * x[i];
    return sum;
  });
}

/** Aᵀ y */
function multiplyTransposed(matrix: Float32Array, y: Float32Array, columns: number): Float32Array {
  const sums = new Float64Array(columns);
  for (const [row, factor] of y.entries()) {
    const start = row * columns;
    for (let i = 0; i < columns; i++) sums[i] += matrix[start + i] * factor;
  }
  return Float32Array.from(sums);
}

function minus(a: Float32Array, b: Float32Array): Float32Array {
  return a.map((each, i) => each - b[i]);
}

function norm(x: Float32Array): number {
  return Math.sqrt(x.reduce((sum, each) => sum + each * each, 0));
}
