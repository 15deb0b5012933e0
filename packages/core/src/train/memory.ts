import { type Engine, LANES } from '../engine/index.js';
import { type CompileOptions, memoryUse, type NetworkDescription } from '../nn/index.js';
import { methods } from '../optim/index.js';
import { ConfigError } from '../schema/config-error.js';
import type { Config } from './config.js';

/**
 * Makes sure, before anything is allocated, that a run fits the engine's memory.
 *
 * @returns bytes that it leaves
 * @throws {ConfigError} it does not; names what is needed and the largest batch that fits
 */
export function checkMemory(
  engine: Engine,
  config: Config,
  description: NetworkDescription,
  options: CompileOptions,
): number {
  const free = engine.maximumBytes - engine.usedBytes;
  const arrays = optimizerArrays(config);
  const needed = (batchSize: number) =>
    bytesNeeded(engine, description, { ...options, batchSize }, arrays);
  const { batchSize } = config;
  const asked = needed(batchSize);
  if (asked <= free) return free - asked;
  const largest = largestThatFits(batchSize, (samples) => needed(samples) <= free);
  throw new ConfigError(
    `batchSize: ${batchSize} needs ${mebibytes(asked)} of memory, the engine has ${mebibytes(free)}; ` +
      (largest > 0 ? `batches of up to ${largest} fit` : 'the network is too large for it'),
  );
}

/**
 * What a network takes of an engine's memory.
 *
 * @param arrays how many arrays as large as the parameters are kept beside it
 */
export function bytesNeeded(
  engine: Engine,
  description: NetworkDescription,
  options: CompileOptions,
  arrays: number,
): number {
  const use = memoryUse(description, options);
  const scratch = use.scratch > engine.scratchBytes ? use.scratch * engine.threads : 0;
  return use.network + arrays * use.parameters + scratch;
}

/** The largest multiple of a block below `batchSize` that fits, 0 where none does. */
function largestThatFits(batchSize: number, fits: (samples: number) => boolean): number {
  let [fitting, tooMany] = [0, Math.ceil(batchSize / LANES)];
  while (tooMany - fitting > 1) {
    const middle = (fitting + tooMany) >> 1;
    if (fits(middle * LANES)) fitting = middle;
    else tooMany = middle;
  }
  return fitting * LANES;
}

/** How many arrays as large as the parameters the method keeps: v and moments. */
function optimizerArrays({ optimizer }: Config): number {
  const method = methods[optimizer.method];
  return Number(method.usesSubgradient) + method.moments(optimizer);
}

/** A number of bytes for people. */
export function mebibytes(bytes: number): string {
  return `${Math.ceil(bytes / 2 ** 20)} MiB`;
}
