import { UserError } from '../../files/errors.js';
import { type Family, kind, literal, object, whole } from '../../schema/index.js';
import type { Schedule, ScheduleContext } from './schedule.js';

/** Of {@link warmup}. */
export interface WarmupOptions {
  /** Steps until the rate is the schedule's own. */
  readonly steps: number;
  /** Whole batches in an epoch, perhaps with a fraction. */
  readonly stepsPerEpoch: number;
}

/**
 * Another schedule after a linear warm-up: its rate times (k + 1) / (steps + 1) in step k, from 0, while that is
 * below 1. The schedule goes on meanwhile, so that the length of the run stays.
 */
export function warmup<State>(
  schedule: Schedule<State>,
  { steps, stepsPerEpoch }: WarmupOptions,
): Schedule<State> {
  return {
    name: 'warmup',
    learningRate(epoch) {
      const taken = epoch * stepsPerEpoch;
      return schedule.learningRate(epoch) * Math.min((taken + 1) / (steps + 1), 1);
    },
    observe: (loss) => schedule.observe?.(loss),
    state: () => schedule.state(),
    restore: (state) => schedule.restore(state),
  };
}

/** A warm-up to one of other schedules in a configuration. */
export function warmupKind<Checked, Written>(
  schedules: Family<Checked, Written, ScheduleContext, Schedule>,
) {
  const schema = object({
    kind: literal('warmup'),
    steps: whole(1),
    /** What it warms up to. */
    schedule: schedules.schema,
  });
  return kind(schema, ({ steps, schedule }, run: ScheduleContext) => {
    const { epochs, stepsPerEpoch } = run;
    const all = Math.ceil(epochs * stepsPerEpoch);
    if (steps >= all) {
      throw new UserError(`${steps} steps of warm-up are not fewer than the run's ${all}`);
    }
    return warmup(schedules.build(schedule as Checked, run), { steps, stepsPerEpoch });
  });
}
