import type { Backend, CompileOptions } from '../backend/index.js';
import { mebibytes } from '../engine/index.js';
import { ConfigError } from '../files/errors.js';
import { BLOCK, blocksOf, type NetworkDescription } from '../graph/index.js';
import { methods } from '../optim/index.js';
import type { Config } from './config.js';

/**
 * Makes sure, before anything is allocated, that a run fits the backend's memory.
 *
 * @returns bytes that it leaves
 * @throws {ConfigError} it does not; names what is needed and the largest batch that fits
 */
export function checkMemory(
  backend: Backend,
  config: Config,
  description: NetworkDescription,
  options: CompileOptions,
): number {
  const memory = (batchSize: number) =>
    backend.memory(description, { ...options, batchSize }, optimizerArrays(config));
  const { batchSize } = config;
  const { needed, free } = memory(batchSize);
  if (needed <= free) return free - needed;
  const largest = largestThatFits(batchSize, (samples) => memory(samples).needed <= free);
  throw new ConfigError(
    `batchSize: ${batchSize} needs ${mebibytes(needed)} of memory, the engine has ${mebibytes(free)}; ` +
      (largest > 0 ? `batches of up to ${largest} fit` : 'the network is too large for it'),
  );
}

/** The largest multiple of a block below `batchSize` that fits, 0 where none does. */
function largestThatFits(batchSize: number, fits: (samples: number) => boolean): number {
  let fitting = 0;
  let tooMany = blocksOf(batchSize);
  while (tooMany - fitting > 1) {
    const middle = (fitting + tooMany) >> 1;
    if (fits(middle * BLOCK)) fitting = middle;
    else tooMany = middle;
  }
  return fitting * BLOCK;
}

/** How many arrays as large as the parameters the method keeps: v and moments. */
function optimizerArrays({ optimizer }: Config): number {
  const method = methods[optimizer.method];
  return Number(method.usesSubgradient) + method.moments(optimizer);
}
