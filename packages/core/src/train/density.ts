import type { Network } from '../backend/index.js';
import type { Parameter } from '../graph/index.js';
import { sizeOf as sizeOfShape } from '../math/index.js';
import type { Density } from './metrics.js';

/**
 * Non-zero weights of a network as of its last index; for convolutions also kernels and filters, for a
 * network without any the rows of its linear layers.
 */
export async function densityOf(network: Network): Promise<Density> {
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
      kernels: await kernelDensity(network, convolutions),
      filters: share(
        convolutions,
        (each) => network.activeRows(each),
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

/** The share of all kernels that hold a non-zero weight. */
async function kernelDensity(
  network: Network,
  convolutions: readonly Parameter[],
): Promise<number> {
  const total = { alive: 0, all: 0 };
  for (const parameter of convolutions) {
    const [outputs, inputs, ...kernel] = parameter.shape;
    total.alive += countGroups(await network.read(parameter), sizeOfShape(kernel));
    total.all += outputs * inputs;
  }
  return total.alive / total.all;
}

/** Groups of so many consecutive weights that hold a non-zero. */
function countGroups(weights: Float32Array, size: number): number {
  let groups = 0;
  for (let start = 0; start < weights.length; start += size) {
    let i = start;
    while (i < start + size && weights[i] === 0) i++;
    if (i < start + size) groups++;
  }
  return groups;
}
