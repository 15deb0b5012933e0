import { host } from '#host';
import type { ConfigInput } from './config.js';
import type { TrainOptions, TrainResult } from './options.js';
import { resolveConfig } from './resolve-config.js';
import { trainHere } from './train-here.js';
import { trainInWorker } from './train-in-worker.js';

/**
 * Trains a network as a configuration says, from its sparse start or from where it was paused. Called on a
 * page's main thread, it trains in a worker, and the page stays responsive; its data are copied there, unless
 * their memory is shared.
 *
 * ```ts
 * import { samples, train } from '@bregman/core';
 *
 * const inputs = Float32Array.from({ length: 400 }, Math.random);
 * const labels = Array.from({ length: 200 }, (_, i) => Number(inputs[2 * i] > inputs[2 * i + 1]));
 * const run = await train(
 *   { model: { kind: 'mlp', hidden: [16] }, batchSize: 16, optimizer: { lambda: 0.02 } },
 *   { data: { train: samples(inputs, [2], labels) }, onEpoch: console.log },
 * );
 * console.log(run.summary.density, await run.network.predict(Float32Array.of(0.2, 0.7)));
 * run.close();
 * ```
 *
 * @throws {UserError} a wrong configuration, data that do not fit it, or a host that lacks what training needs
 * @throws {DamagedRunError} the state to resume from does not fit the configuration
 * @throws {DivergenceError} the loss or a weight became infinite or NaN
 */
export async function train(input: ConfigInput, options: TrainOptions): Promise<TrainResult> {
  const config = resolveConfig(input);
  const { startTraining } = host;
  if (startTraining) return trainInWorker(startTraining, config, options);
  const { backend, threads, build } = options;
  return trainHere(config, options, { backend, threads, build });
}
