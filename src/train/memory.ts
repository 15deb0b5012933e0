import { type Engine, LANES } from '../engine/index.js';
import { type CompileOptions, memoryUse, type NetworkDescription } from '../nn/index.js';
import { methods } from '../optim/index.js';
import type { Config } from './config.js';
import { ConfigError } from './config-error.js';

/**
 * Makes sure, before anything is allocated, that a run fits the engine's memory.
 *
 * @throws {ConfigError} it does not; names what is needed and the largest batch that fits
 */
export function checkMemory(
  engine: Engine,
  config: Config,
  description: NetworkDescription,
  options: CompileOptions,
): void {
  const free = engine.maximumBytes - engine.usedBytes;
  const needed = (batchSize: number) => {
    const { network, parameters } = memoryUse(description, { ...options, batchSize });
    return network + optimizerArrays(config) * parameters;
  };
  const { batchSize } = config;
  const asked = needed(batchSize);
  if (asked <= free) return;
  const least = needed(LANES);
  const perBlock = (asked - least) / (Math.ceil(batchSize / LANES) - 1);
  const fitting = LANES * (1 + Math.floor((free - least) / perBlock));
  throw new ConfigError(
    `batchSize: ${batchSize} needs ${gibibytes(asked)} of memory, the engine has ${gibibytes(free)}; ` +
      (fitting >= LANES ? `batches of up to ${fitting} fit` : 'the network is too large for it'),
  );
}

/** How many arrays as large as the parameters the method keeps: v and moments. */
function optimizerArrays({ optimizer }: Config): number {
  const method = methods[optimizer.method];
  return Number(method.usesSubgradient) + method.moments(optimizer);
}

function gibibytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
