import type { Network } from '../backend/index.js';
import type { Samples, Targets } from '../data/samples.js';

/** Loads samples `order[from]` to `order[from + count − 1]` with their targets. */
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

/** Loads the targets of samples whose inputs are there. */
export function loadTargets(
  network: Network,
  targets: Targets,
  order: Int32Array,
  from: number,
): void {
  if (targets.kind === 'classes') network.loadLabels(targets.labels, order, from);
  else network.loadTargets(targets.values, order, from);
}

/** The numbers from 0 to `count − 1`. */
export function ascending(count: number): Int32Array {
  return Int32Array.from({ length: count }, (_, i) => i);
}
