import {
  filled,
  kind,
  literal,
  number,
  type Options,
  object,
  whole,
  withDefault,
} from '../../schema/index.js';
import { stateless } from '../resumable.js';
import type { Schedule, ScheduleContext } from './schedule.js';

const schema = object({
  kind: literal('step'),
  /** Epochs between two reductions. */
  every: whole(1),
  /** What the rate is multiplied by, in (0, 1]. */
  factor: withDefault(number(0, 1, { open: true }), 0.1),
});

/** Of {@link step}. */
export type StepOptions = Options<typeof schema>;

/** Multiplies the rate by `factor` after every `every` epochs. */
export function step(rate: number, options: StepOptions): Schedule {
  const { every, factor } = filled(schema, options);
  return {
    ...stateless,
    name: 'step',
    learningRate: (epoch) => rate * factor ** Math.floor(epoch / every),
  };
}

/** Steps in a configuration. */
export const stepKind = kind(schema, (options, run: ScheduleContext) => step(run.rate, options));
