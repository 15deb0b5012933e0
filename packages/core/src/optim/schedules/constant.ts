import { stateless } from '../resumable.js';
import type { Schedule } from './schedule.js';

/** The same learning rate throughout. */
export function constant(rate: number): Schedule {
  return { ...stateless, name: 'constant', learningRate: () => rate };
}
