import type { Network } from '../backend/index.js';
import type { Parameter } from '../graph/index.js';
import { groupAt, groupsOf } from '../math/groups.js';
import { groupAxis, type RandomStream, type Shape, sizeOf, stream } from '../math/index.js';
import {
  list,
  listOf,
  number,
  type Output,
  object,
  oneOf,
  optional,
  pair,
  partial,
  text,
  withDefault,
} from '../schema/index.js';

/** What a mask keeps or drops. */
const unit = oneOf(['entries', ...groupAxis.words]);

const settings = object({
  /** ρ: the share of entries (or groups) that begin non-zero. */
  density: withDefault(number(0, 1, { open: true }), 0.01),
  by: withDefault(unit, 'entries'),
  /**
   * `bernoulli`: each unit begins with probability ρ. `exact`: ⌈ρn⌉ of the n units of a parameter do, so
   * that a layer of few units is never left without any.
   */
  mask: withDefault(oneOf(['bernoulli', 'exact']), 'bernoulli'),
  /** r: multiplies He-normal weights. 1/√ρ keeps the variance of a dense network's activations. */
  gain: withDefault(number(0, Infinity, { open: true }), 7),
  /** [r₀, r₁]: biases are uniform in [−r₀/√fanIn, r₁/√fanIn]. */
  bias: withDefault(pair(number()), [0, 1]),
});

const startGroup = object({
  parameters: listOf(text),
  ...partial(settings.entries),
  // 0: all begin at zero, as skip connections may.
  density: optional(number(0, 1)),
});

/** The start of a configuration; the first of its groups that names a parameter has it. */
export const startSchema = object({
  ...settings.entries,
  groups: withDefault(list(startGroup), []),
});

/** How weights and biases begin: almost empty, for the Bregman methods. */
export interface Start extends Readonly<Omit<Settings, 'mask'>> {
  readonly mask?: Settings['mask'];
}

type Settings = Output<typeof settings>;

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

/** He-normal weights, N(0, 2/fanIn), times the gain, under a random mask over units. */
export function sparseNormal(
  shape: Shape,
  fanIn: number,
  { density, by, mask = settings.defaults.mask, gain }: Omit<Start, 'bias'>,
  random: RandomStream,
): Float32Array {
  const deviation = gain * Math.sqrt(2 / fanIn);
  const kept = mask === 'exact' ? countedUnits : drawnUnits;
  const isKept = kept(shape, by, density, random);
  return Float32Array.from({ length: sizeOf(shape) }, (_, i) =>
    isKept(i) ? deviation * random.normal() : 0,
  );
}

/** Whether the unit of an entry begins non-zero. */
type Mask = (entry: number) => boolean;

/** Each unit with probability `density`. */
function drawnUnits(shape: Shape, by: Start['by'], density: number, random: RandomStream): Mask {
  if (by === 'entries') return () => random.bernoulli(density);
  const groups = groupsOf(shape, by);
  const mask = Array.from({ length: groups.count }, () => random.bernoulli(density));
  return (entry) => mask[groupAt(entry, groups)];
}

/** ⌈density · n⌉ of n units, every choice of them equally likely. */
function countedUnits(shape: Shape, by: Start['by'], density: number, random: RandomStream): Mask {
  const groups = by === 'entries' ? undefined : groupsOf(shape, by);
  const order = Uint32Array.from({ length: groups?.count ?? sizeOf(shape) }, (_, unit) => unit);
  random.shuffle(order);
  // In floating point 0.07 · 100 is a little more than 7, and still means 7.
  const count = Math.ceil(density * order.length * (1 - Number.EPSILON));
  const mask = new Uint8Array(order.length);
  for (const unit of order.subarray(0, count)) mask[unit] = 1;
  return (entry) => mask[groups ? groupAt(entry, groups) : entry] === 1;
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
