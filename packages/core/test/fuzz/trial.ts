/**
 * One trial: random networks on one engine, and random calls to them. After each, everything is as in a fresh
 * network that is given the state and makes this call alone, to the bit, and close to what plain TypeScript gives.
 */
import type { Backend } from '#lib/backend/index.js';
import { PlainBackend } from '#lib/backend/plain/index.js';
import { stream } from '#lib/math/index.js';
import type { Backends, Form } from './backends.js';
import { forms } from './backends.js';
import { type Call, randomCalls } from './calls.js';
import { type RandomNetwork, randomNetwork } from './random-network.js';
import { GRADIENT, type Outcome, type State, Subject } from './subject.js';

/** A call, and to which of the trial's networks. */
export interface Act {
  readonly network: number;
  readonly call: Call;
}

export interface Trial {
  readonly seed: number;
  readonly form: Form;
  readonly networks: readonly RandomNetwork[];
  readonly acts: readonly Act[];
}

/** The trial of a seed. */
export function randomTrial(seed: number): Trial {
  const { below, bernoulli } = stream(seed, 'trial');
  const networks = [
    randomNetwork(seed),
    ...(bernoulli(0.25) ? [randomNetwork(seed + 2 ** 31)] : []),
  ];
  const queues = networks.map((made, network) =>
    randomCalls(made).map((call): Act => ({ network, call })),
  );
  const acts: Act[] = [];
  while (queues.some((queue) => queue.length > 0)) {
    const queue = queues[below(queues.length)];
    if (queue.length > 0) acts.push(queue.shift()!);
  }
  return { seed, form: forms[below(forms.length)], networks, acts };
}

/** Runs a trial; says what went wrong, or nothing. */
export async function runTrial(
  { form, networks, acts }: Omit<Trial, 'seed'>,
  backends: Backends,
): Promise<string | undefined> {
  const backend = await backends.subjects(form);
  const actors = new Map<number, { subject: Subject; start: State }>();
  for (const [index, { network, call }] of acts.entries()) {
    const actor = actors.get(network) ?? begin(backend, networks[network]);
    actors.set(network, actor);
    const problem = await check(actor, call, () => backends.fresh(form));
    if (problem === EXPLODED) return undefined;
    if (problem) return `act ${index} (${call.kind} of network ${network}): ${problem}`;
  }
  return undefined;
}

/** A network whose numbers grow without bounds compares with nothing. */
const EXPLODED = 'exploded';
const MOST = 1e4;

function begin(backend: Backend, made: RandomNetwork) {
  const subject = new Subject(backend, made);
  subject.start();
  return { subject, start: subject.state() };
}

async function check(
  { subject, start }: { subject: Subject; start: State },
  call: Call,
  freshBackend: () => Promise<Backend>,
): Promise<string | undefined> {
  const { made, data } = subject;
  const before = subject.state();
  if (![...before.tensors.values()].every((each) => largestOf(each) < MOST)) return EXPLODED;
  const fresh = new Subject(await freshBackend(), made, data);
  fresh.restore(before);
  let outcomes: [Outcome, Outcome];
  try {
    outcomes = [subject.perform(call, start), fresh.perform(call, start)];
  } catch (error) {
    return `it throws ${(error as Error).message}`;
  }
  const [found, expected] = outcomes;
  const different = firstDifference(found, expected);
  if (different) return `not the bits of a fresh network: ${different}`;
  const wild = [...found.keys()].find((name) => !Number.isFinite(largestOf(found.get(name)!)));
  if (wild) return `${wild} is not finite`;
  return comparePlainly(subject, call, before, found);
}

function firstDifference(found: Outcome, expected: Outcome): string | undefined {
  for (const [name, wanted] of expected) {
    const given = found.get(name)!;
    for (let i = 0; i < wanted.length; i++) {
      if (!Object.is(given[i], wanted[i])) return `${name} [${i}] is ${given[i]}, not ${wanted[i]}`;
    }
  }
  return undefined;
}

/** Plain TypeScript takes some nanoseconds for each of so many multiply-adds. */
const MOST_MULTIPLY_ADDS = 3e5;
const PERTURBATIONS = 6;

function comparePlainly(
  { made, data }: Subject,
  call: Call,
  before: State,
  found: Outcome,
): string | undefined {
  const samples = samplesOf(call);
  if (samples === 0 || samples * made.multiplyAdds > MOST_MULTIPLY_ADDS || !isTame(made)) return;
  const from = (state: State, call: Call): Outcome => {
    const plain = new Subject(new PlainBackend(), made, data);
    plain.restore(state);
    return plain.perform(call, state);
  };
  const [first, ...others] = variantsOf(call);
  const expected = [first, ...others].map((each) => from(before, each));
  // What a step makes of it is compared from the same gradient on.
  const names = [...expected[0].keys()].filter(
    (name) => call.kind !== 'step' || /^loss|^gradient|running/.test(name),
  );
  const margins = new Map(names.map((name) => [name, saturationMargin(name, made, expected[0])]));
  const farthest = () => names.find((name) => farEntry(name, found, expected, margins.get(name)!));
  // Beside a kink the smallest change has a large effect: how large? Of all gradients, for zeros move, too.
  const whole = wholeOf(first);
  for (let i = 1; farthest() !== undefined && i <= PERTURBATIONS; i++) {
    const base = from(before, whole);
    const other = from(perturbed(before, i), whole);
    for (const name of names) {
      const moved = 10 * largestDifference(base.get(name)!, other.get(name)!);
      margins.set(name, Math.max(margins.get(name)!, moved));
    }
  }
  const name = farthest();
  if (name) {
    const problem = farEntry(name, found, expected, margins.get(name)!);
    return `not what plain TypeScript gives: ${problem}`;
  }
  return call.kind === 'step' ? compareStep(made, data, call, before, found) : undefined;
}

/** The call in plain TypeScript; kernels may sample less than they are allowed to. */
function variantsOf(call: Call): Call[] {
  if (call.kind !== 'differentiate' && call.kind !== 'step') return [call];
  const own: Call = { ...call, kind: 'differentiate' };
  return call.scope === 'sampled' ? [own, { ...own, scope: 'all' }] : [own];
}

/** The call with the gradients of all weights. */
function wholeOf(call: Call): Call {
  return call.kind === 'differentiate' ? { ...call, scope: 'all' } : call;
}

function samplesOf(call: Call): number {
  switch (call.kind) {
    case 'evaluate':
      return call.batch.count;
    case 'differentiate':
    case 'step':
      return 3 * call.batch.count;
    case 'predict':
      return call.samples;
    default:
      return 0;
  }
}

/** Where a channel hardly varies, a small ε makes rounding large. */
function isTame({ description }: RandomNetwork): boolean {
  return description.layers.every(
    ({ layer }) => !('epsilon' in layer) || (layer.epsilon as number) > 0.01,
  );
}

/** The first entry that is far from all that is expected. */
function farEntry(
  name: string,
  found: Outcome,
  expected: readonly Outcome[],
  margin: number,
): string | undefined {
  const [first, ...others] = expected.map((each) => each.get(name)!);
  const largest = scaleOf(name, expected[0]);
  const given = found.get(name)!;
  const allowed = 1e-4 * largest + margin;
  const isClose = (values: ArrayLike<number>, i: number) =>
    Math.abs(values[i] - given[i]) <= allowed;
  for (let i = 0; i < given.length; i++) {
    if (isClose(first, i) || others.some((values) => isClose(values, i))) continue;
    return `${name} [${i}] is ${given[i]}, not ${first[i]} (of at most ${largest})`;
  }
  return undefined;
}

/**
 * The magnitude that rounding is measured against: of the array itself, and for a gradient a tenth of the
 * network's largest, for behind a bias that the next normalization takes away again the terms cancel. Where
 * the label is almost certain, its probability less 1 is as exact as a float32 near 1, whatever is left of it.
 */
function scaleOf(name: string, expected: Outcome): number {
  const own = largestOf(expected.get(name)!);
  if (!name.startsWith(GRADIENT)) return Math.max(own, 0.01);
  return Math.max(own, 0.1, 0.1 * largestGradient(expected));
}

/** Where tanh or sigmoid saturates, y is a float32 next to 1, and one unit of its rounding is much of 1 − y². */
function saturationMargin(name: string, { description }: RandomNetwork, expected: Outcome): number {
  const saturates = description.layers.some(({ layer }) => /^(tanh|sigmoid)$/.test(layer.kind));
  return saturates && name.startsWith(GRADIENT) ? 5e-5 * largestGradient(expected) : 0;
}

function largestGradient(outcome: Outcome): number {
  const gradients = [...outcome].filter(([name]) => name.startsWith(GRADIENT));
  return Math.max(0, ...gradients.map(([, values]) => largestOf(values)));
}

/** The largest magnitude; NaN where there is one. */
function largestOf(values: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i < values.length; i++) largest = Math.max(largest, Math.abs(values[i]));
  return largest;
}

function largestDifference(left: ArrayLike<number>, right: ArrayLike<number>): number {
  return largestOf(Float64Array.from(left, (x, i) => x - right[i]));
}

/**
 * The state with its numbers a millionth larger or smaller, and zeros moved a little: kernels may leave 1e-9 where
 * products with zeros add up to 0 exactly, and a ReLU behind them lets a gradient pass.
 */
function perturbed(state: State, seed: number): State {
  const { normal } = stream(seed, 'perturbation');
  const tensors = [...state.tensors].map(
    ([name, values]) =>
      [name, values.map((x) => (x === 0 ? 1e-9 : x * 1e-6) * normal() + x)] as const,
  );
  return { ...state, tensors: new Map(tensors) };
}

/** The optimizer's step along the kernels' gradient, by the method itself. */
function compareStep(
  made: RandomNetwork,
  data: Subject['data'],
  { scope }: Extract<Call, { kind: 'differentiate' | 'step' }>,
  before: State,
  found: Outcome,
): string | undefined {
  const plain = new Subject(new PlainBackend(), made, data);
  plain.restore(before);
  const expected = plain.stepAlong((name) => found.get(`${GRADIENT}${name}`)!, scope);
  for (const name of expected.keys()) {
    // Where θ is what little a prox leaves of δv, it is as exact as that.
    const v = expected.get(`${name}.subgradient`) ?? [];
    const margin = 1e-5 * made.hyper.delta * largestOf(v);
    const problem = farEntry(name, found, [expected], margin);
    if (problem) return `the step is not that of ${made.method}: ${problem}`;
  }
  return undefined;
}
