import { groupAt, groupsOf } from '../math/groups.js';
import { type GroupAxis, type RandomStream, type Shape, sizeOf, stream } from '../math/index.js';
import type { Network } from './network.js';
import type { Parameter } from './parameter.js';

/** How weights and biases begin: almost empty, for the Bregman methods. */
export interface Start {
  /** ρ: the share of entries (or groups) that begin non-zero, by a Bernoulli mask. */
  readonly density: number;
  /** What the mask keeps or drops. */
  readonly by: 'entries' | GroupAxis;
  /** r: multiplies He-normal weights. 1/√ρ keeps the variance of a dense network's activations. */
  readonly gain: number;
  /** [r₀, r₁]: biases are uniform in [−r₀/√fanIn, r₁/√fanIn]. */
  readonly bias: readonly [number, number];
}

/** He-normal weights, nothing dropped, and PyTorch's range of biases. */
export const denseStart: Start = { density: 1, by: 'entries', gain: 1, bias: [1, 1] };

/**
 * Draws all parameters of a network. Each has its own stream of the seed, so that one layer's start
 * does not depend on the others.
 */
export function initialize(
  network: Network,
  seed: number,
  startOf: (parameter: Parameter) => Start,
): void {
  for (const parameter of network.parameters) {
    network.write(parameter, draw(parameter, startOf(parameter), seed));
  }
  network.reindex();
}

function draw(parameter: Parameter, start: Start, seed: number): Float32Array {
  const { name, role, shape, fanIn, initial } = parameter;
  if (initial !== undefined) return new Float32Array(sizeOf(shape)).fill(initial);
  const random = stream(seed, 'initialize', name);
  return role === 'bias'
    ? uniformBiases(parameter, start.bias, random)
    : sparseNormal(shape, fanIn, start, random);
}

/** He-normal weights, N(0, 2/fanIn), times the gain, under a Bernoulli mask over units. */
export function sparseNormal(
  shape: Shape,
  fanIn: number,
  { density, by, gain }: Omit<Start, 'bias'>,
  random: RandomStream,
): Float32Array {
  const deviation = gain * Math.sqrt(2 / fanIn);
  const kept = keptUnits(shape, by, density, random);
  return Float32Array.from({ length: sizeOf(shape) }, (_, i) =>
    kept(i) ? deviation * random.normal() : 0,
  );
}

function keptUnits(
  shape: Shape,
  by: Start['by'],
  density: number,
  random: RandomStream,
): (entry: number) => boolean {
  if (by === 'entries') return () => random.bernoulli(density);
  const groups = groupsOf(shape, by);
  const mask = Array.from({ length: groups.count }, () => random.bernoulli(density));
  return (entry) => mask[groupAt(entry, groups)];
}

function uniformBiases(
  { rows, fanIn }: Parameter,
  [low, high]: Start['bias'],
  random: RandomStream,
): Float32Array {
  const width = low + high;
  return Float32Array.from(
    { length: rows },
    () => (random.uniform() * width - low) / Math.sqrt(fanIn),
  );
}
