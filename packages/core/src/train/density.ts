import type { Network, Parameter } from '../nn/index.js';
import type { Density } from './metrics.js';

/**
 * Non-zero weights of a network as of its last index; for convolutions also kernels and filters, for a
 * network without any the rows of its linear layers.
 */
export function densityOf(network: Network): Density {
  const weights = network.parameters.filter(({ role }) => role === 'weight');
  const nonZeros = (parameter: Parameter) => network.nonZeros(parameter);
  const layers = Object.fromEntries(
    weights.map((weight) => [weight.layer, nonZeros(weight) / sizeOf(weight)]),
  );
  const total = totalDensity(network);
  const convolutions = weights.filter(({ shape }) => shape.length === 4);
  if (convolutions.length === 0) return { total, layers, rows: rowsOf(network, weights) };
  const linear = weights.filter(({ shape }) => shape.length === 2);
  return {
    total,
    layers,
    convolutions: {
      weights: share(convolutions, nonZeros, sizeOf),
      kernels: share(
        convolutions,
        (each) => countGroups(network, each, each.shape[2] * each.shape[3]),
        ({ shape }) => shape[0] * shape[1],
      ),
      filters: share(
        convolutions,
        (each) => countGroups(network, each, each.columns),
        ({ rows }) => rows,
      ),
    },
    ...(linear.length > 0 && { linear: share(linear, nonZeros, sizeOf) }),
  };
}

/** Non-zero weights / weights, as of the network's last index. Reads a counter a layer. */
export function totalDensity(network: Network): number {
  const weights = network.parameters.filter(({ role }) => role === 'weight');
  return share(weights, (each) => network.nonZeros(each), sizeOf);
}

/** By layer, the share of outputs with a non-zero weight. */
function rowsOf(network: Network, weights: readonly Parameter[]): Record<string, number> {
  const linear = weights.filter(({ shape }) => shape.length === 2);
  return Object.fromEntries(
    linear.map((weight) => [weight.layer, network.activeRows(weight) / weight.rows]),
  );
}

function sizeOf({ rows, columns }: Parameter): number {
  return rows * columns;
}

function share(
  parameters: readonly Parameter[],
  part: (parameter: Parameter) => number,
  whole: (parameter: Parameter) => number,
): number {
  const sum = (of: typeof part) => parameters.reduce((total, each) => total + of(each), 0);
  return sum(part) / sum(whole);
}

/** Groups of so many consecutive weights that hold a non-zero. */
function countGroups(network: Network, { value }: Parameter, size: number): number {
  const weights = network.engine.floats(value);
  let groups = 0;
  for (let start = 0; start < weights.length; start += size) {
    let i = start;
    while (i < start + size && weights[i] === 0) i++;
    if (i < start + size) groups++;
  }
  return groups;
}
