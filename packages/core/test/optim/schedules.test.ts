import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { constant, cosine, plateau, type Schedule, step } from '#lib/optim/index.js';

const rates = (schedule: Schedule, epochs: readonly number[]) =>
  epochs.map((epoch) => schedule.learningRate(epoch));

const observed = (schedule: Schedule, losses: readonly number[]) =>
  losses.map((loss, epoch) => {
    schedule.observe?.(loss);
    return schedule.learningRate(epoch + 1);
  });

test('constant', () => assert.deepEqual(rates(constant(0.1), [0, 7]), [0.1, 0.1]));

test('step', () => {
  const schedule = step(1, { every: 3, factor: 0.5 });
  assert.deepEqual(rates(schedule, [0, 2, 2.9, 3, 6]), [1, 1, 1, 0.5, 0.25]);
});

test('cosine with warm-up', () => {
  const schedule = cosine(1, { epochs: 12, warmup: 4, minRate: 0.2 });
  const expected = [0.2, 0.4, 0.9, 1, 0.6, 0.2, 0.2];
  rates(schedule, [0, 1, 3.5, 4, 8, 12, 20]).forEach((rate, i) => {
    assert.ok(Math.abs(rate - expected[i]) < 1e-12, `${rate}, expected ${expected[i]}`);
  });
});

describe('plateau', () => {
  // Traces of PyTorch's rules, worked out by hand.
  test('patience, relative threshold, cooldown', () => {
    const schedule = plateau(1, { factor: 0.5, patience: 2, threshold: 0.1, cooldown: 2 });
    const losses = [10, 9.5, 9.2, 9.1, 9.05, 9.04, 9.03, 9.02, 8.99, 8.5, 8.4, 8.3];
    const expected = [1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.25];
    assert.deepEqual(observed(schedule, losses), expected);
  });

  test('an improvement within the cooldown moves the best loss', () => {
    const schedule = plateau(1, { factor: 0.5, patience: 0, threshold: 0.1, cooldown: 1 });
    assert.deepEqual(observed(schedule, [10, 10, 5, 4.6, 4.6]), [1, 0.5, 0.5, 0.25, 0.25]);
  });

  test('the least rate, and reductions too small to make', () => {
    const floor = plateau(1, { factor: 0.1, patience: 0, minRate: 0.05 });
    assert.deepEqual(observed(floor, [1, 1, 1, 1]), [1, 0.1, 0.05, 0.05]);
    const tiny = plateau(1.5e-8, { patience: 0 });
    assert.deepEqual(observed(tiny, [1, 1]), [1.5e-8, 1.5e-8]);
  });

  test('a NaN is a bad epoch, at the start too', () => {
    const schedule = plateau(1, { patience: 1 });
    assert.deepEqual(observed(schedule, [Number.NaN, 1, 1, Number.NaN]), [1, 1, 1, 0.5]);
  });

  test('resumes exactly from its state as JSON', () => {
    const losses = [10, 9, 9, 9, 9, 8, 8, 8, 8, 8, 8];
    const options = { patience: 1, cooldown: 1 };
    const whole = observed(plateau(1, options), losses);
    for (let cut = 0; cut <= losses.length; cut++) {
      const before = plateau(1, options);
      const head = observed(before, losses.slice(0, cut));
      const after = plateau(1, options);
      after.restore(JSON.parse(JSON.stringify(before.state())));
      assert.deepEqual([...head, ...observed(after, losses.slice(cut))], whole);
    }
  });
});
