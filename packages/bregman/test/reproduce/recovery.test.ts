import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Recovery, recover } from '#lib/reproduce/index.js';

const problem: Recovery = {
  equations: 80,
  unknowns: 200,
  nonZeros: 6,
  noise: 0,
  method: 'linbreg',
  lambda: 20,
  step: 1.8,
  iterations: 600,
  every: 50,
  seed: 1,
};

test('LinBreg finds the support exactly and the values without a bias', () => {
  const metrics = recover(problem);
  assert.deepEqual(
    metrics.map(({ at }) => at),
    Array.from({ length: 12 }, (_, i) => 50 * (i + 1)),
  );
  const { row } = metrics.at(-1)!;
  assert.deepEqual([row.support, row['support found'], row['support wrong']], [6, 1, 0]);
  assert.ok(row.error < 1e-4 && row.residual < 1e-4);
});

test('ISTA on the Lasso keeps a bias of about λ', () => {
  const { row } = recover({ ...problem, method: 'proxsgd', lambda: 0.1 }).at(-1)!;
  assert.ok(row.error > 1e-2 && row.error < 0.2);
  assert.equal(row['support found'], 1);
});

test('with noise, LinBreg is best before it fits the noise', () => {
  const errors = recover({ ...problem, noise: 0.05 }).map(({ row }) => row.error);
  assert.ok(Math.min(...errors) < 0.8 * errors.at(-1)!);
});
