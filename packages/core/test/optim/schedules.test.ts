import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  constant,
  cosine,
  oneCycle,
  plateau,
  type Schedule,
  schedules,
  step,
  warmup,
} from '#lib/optim/index.js';

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

describe('one cycle', () => {
  /** The rates of PyTorch 2.6's OneCycleLR(max_lr=0.1, cycle_momentum=False, …), step by step. */
  const byPyTorch = [
    {
      options: {},
      rates: [
        0.0040000000000000036, 0.052000000000000005, 0.1, 0.09504846320134738, 0.0811745653949763,
        0.06112620219362893, 0.03887419780637107, 0.0188258346050237, 0.004951936798652629, 4e-7,
      ],
    },
    {
      options: { share: 0.45, divide: 10, final: 100 },
      rates: [
        0.009999999999999995, 0.02694295891635698, 0.06501344202803415, 0.09554359905560886,
        0.09797667403204416, 0.082760293660567, 0.057158626171750604, 0.02930002010055578,
        0.008029386035082494, 0.0001,
      ],
    },
    {
      options: { share: 0.5, divide: 4, final: 1000 },
      rates: [
        0.024999999999999994, 0.04375, 0.08124999999999999, 0.1, 0.08535900022456254, 0.0500125,
        0.014665999775437462, 2.5e-5,
      ],
    },
  ];

  test('has the rates of PyTorch', () => {
    for (const { options, rates: expected } of byPyTorch) {
      // PyTorch counts from 0 to the last step, and the rise from 0 to the last step of its share.
      const last = expected.length - 1;
      const share = ((options.share ?? 0.3) * expected.length - 1) / last;
      const schedule = oneCycle(0.1, { ...options, share, epochs: last });
      for (const [i, rate] of rates(schedule, [...expected.keys()]).entries()) {
        assert.ok(Math.abs(rate - expected[i]) < 1e-15, `${rate}, expected ${expected[i]}`);
      }
    }
  });

  test('begins and ends as its options say, without a rise too, and stays at its end', () => {
    const schedule = oneCycle(1, { epochs: 10, share: 0.4, divide: 5, final: 20 });
    const close = (schedule: Schedule, epochs: number[], expected: number[]) =>
      rates(schedule, epochs).forEach((rate, i) => {
        assert.ok(Math.abs(rate - expected[i]) < 1e-12, `${rate}, expected ${expected[i]}`);
      });
    close(schedule, [0, 2, 4, 7, 10, 30], [0.2, 0.6, 1, 0.505, 0.01, 0.01]);
    close(oneCycle(1, { epochs: 2, share: 0, divide: 1, final: 1e4 }), [0, 2], [1, 1e-4]);
  });
});

describe('warm-up', () => {
  test('climbs in a line by steps to the rate of the schedule that goes on meanwhile', () => {
    const schedule = warmup(step(1, { every: 1, factor: 0.5 }), { steps: 3, stepsPerEpoch: 2.5 });
    const found = rates(schedule, [0, 0.4, 0.8, 1, 1.2, 2]);
    const expected = [0.25, 0.5, 0.75, 0.5 * (3.5 / 4), 0.5, 0.25];
    for (const [i, rate] of found.entries()) assert.ok(Math.abs(rate - expected[i]) < 1e-15);
  });

  test('a schedule that follows the loss does so behind it, and resumes from its state', () => {
    const make = () => warmup(plateau(1, { patience: 0 }), { steps: 1, stepsPerEpoch: 1 });
    const losses = [3, 3, 3, 2, 2, 2];
    const whole = observed(make(), losses);
    assert.deepEqual(whole, observed(plateau(1, { patience: 0 }), losses));
    for (let cut = 0; cut <= losses.length; cut++) {
      const before = make();
      const head = observed(before, losses.slice(0, cut));
      const after = make();
      after.restore(JSON.parse(JSON.stringify(before.state())));
      assert.deepEqual([...head, ...observed(after, losses.slice(cut))], whole);
    }
  });

  test('one as long as the run is refused', () => {
    const options = { kind: 'warmup', steps: 5, schedule: { kind: 'constant' } } as const;
    const run = { rate: 1, epochs: 2, stepsPerEpoch: 2.5 };
    assert.throws(() => schedules.build(options, run), {
      name: 'UserError',
      message: "5 steps of warm-up are not fewer than the run's 5",
    });
    assert.equal(schedules.build({ ...options, steps: 4 }, run).learningRate(0), 0.2);
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
