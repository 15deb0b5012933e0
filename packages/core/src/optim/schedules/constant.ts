import { kind, literal, object } from '../../schema/index.js';
import { stateless } from '../resumable.js';
import type { Schedule, ScheduleContext } from './schedule.js';

/** The same learning rate throughout. */
export function constant(rate: number): Schedule {
  return { ...stateless, name: 'constant', learningRate: () => rate };
}

/** A constant rate in a configuration. */
export const constantKind = kind(object({ kind: literal('constant') }), (_, run: ScheduleContext) =>
  constant(run.rate),
);
