import { stateless } from '../resumable.js';
import type { Schedule } from './schedule.js';

/** Multiplies the rate by `factor` after every `every` epochs. */
export function step(rate: number, options: { every: number; factor: number }): Schedule {
  const { every, factor } = options;
  return {
    ...stateless,
    name: 'step',
    learningRate: (epoch) => rate * factor ** Math.floor(epoch / every),
  };
}
