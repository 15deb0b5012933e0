import type { Network } from '../backend/index.js';
import type { Samples } from '../data/samples.js';
import { ascending, loadBatch } from './load-batch.js';
import { type Score, ScoreSum } from './metrics.js';

/**
 * Scores a network on samples, by all of them or by those of the numbers given.
 */
export async function scoreOn(
  network: Network,
  samples: Samples,
  order = ascending(samples.count),
): Promise<Score> {
  const sums = new ScoreSum();
  for (let from = 0; from < order.length; from += network.batchSize) {
    const count = Math.min(network.batchSize, order.length - from);
    loadBatch(network, samples, order, from, count);
    sums.add(await network.evaluate());
  }
  return sums.score(network.loss === 'cross-entropy');
}
