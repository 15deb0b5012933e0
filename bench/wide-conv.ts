/** Convolutions at a density of 5 % for bench/wide.ts, in a process of its own: prints a JSON line. */
import { SHAPES, timeOurs } from './conv.js';
import { widen } from './lib.js';

/** Milliseconds forward and backward: the mean of the four shapes of ResNet-18. */
export interface ConvFigures {
  readonly weights: number;
  readonly kernels: number;
}

async function mean(kept: 'weights' | 'kernels', group: number): Promise<number> {
  let sum = 0;
  for (const shape of SHAPES) sum += (await timeOurs(shape, { kept, density: 0.05, group })).both;
  return sum / SHAPES.length;
}

await widen();
const figures: ConvFigures = {
  weights: await mean('weights', 1),
  kernels: await mean('kernels', 9),
};
console.log(JSON.stringify(figures));
