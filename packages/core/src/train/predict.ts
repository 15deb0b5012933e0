import type { Dataset } from '../data/index.js';
import type { Tensor } from '../files/safetensors.js';
import { sizeOf } from '../math/index.js';
import { buildNetwork } from './build-network.js';
import type { Config } from './config.js';
import { openBackend } from './open-backend.js';
import { writeWeights } from './weights.js';

/**
 * What saved weights answer to the first test samples.
 *
 * @returns count × outputs, sample after sample
 * @throws {UserError} the weights are of another network
 */
export async function predictTest(
  config: Config,
  weights: ReadonlyMap<string, Tensor>,
  data: Dataset,
  count: number,
): Promise<Float32Array> {
  const { backend, close } = await openBackend({ threads: 1 });
  try {
    const network = buildNetwork(
      backend,
      { ...config, batchSize: count },
      { ...data, train: data.test },
    );
    writeWeights(network, weights);
    return network.predict(data.test.inputs.slice(0, count * sizeOf(data.test.shape)));
  } finally {
    close();
  }
}
