import type { Samples } from '../data/samples.js';
import type { Network } from '../nn/index.js';
import { type Score, ScoreSum } from './metrics.js';

/** The network's score on the samples of these numbers. */
export function scoreOf(network: Network, samples: Samples, order: Int32Array): Score {
  const { batchSize } = network;
  const sums = new ScoreSum();
  for (let from = 0; from < order.length; from += batchSize) {
    loadBatch(network, samples, order, from, Math.min(batchSize, order.length - from));
    sums.add(network.evaluate());
  }
  return sums.score(network.loss === 'cross-entropy');
}

/** Gives a network the samples `order[from]` to `order[from + count − 1]` with their targets. */
export function loadBatch(
  network: Network,
  { inputs, targets }: Samples,
  order: Int32Array,
  from: number,
  count: number,
): void {
  network.loadInputs(inputs, order, from, count);
  loadTargets(network, targets, order, from);
}

/** Gives a network the targets that belong to the inputs it has. */
export function loadTargets(
  network: Network,
  targets: Samples['targets'],
  order: Int32Array,
  from: number,
): void {
  if (targets.kind === 'classes') network.loadLabels(targets.labels, order, from);
  else network.loadTargets(targets.values, order, from);
}
