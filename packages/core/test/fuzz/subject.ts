import assert from 'node:assert/strict';
import type { Backend, Inputs, Network } from '#lib/backend/index.js';
import { PlainNetwork } from '#lib/backend/plain/index.js';
import type { GradientScope } from '#lib/graph/index.js';
import { regularizerFrom, sizeOf, stream } from '#lib/math/index.js';
import { denseStart, initialize } from '#lib/train/initialize.js';
import { Optimizer } from '#lib/train/optimizer.js';
import { atOnce } from '../at-once.js';
import { type Batch, type Call, SAMPLES } from './calls.js';
import type { RandomNetwork } from './random-network.js';

/** All that a network and its optimizer remember, by name. */
export interface State {
  readonly tensors: ReadonlyMap<string, Float32Array>;
  readonly optimizer: ReadonlyMap<string, Float32Array>;
  readonly steps: number;
}

/** What a call gave, by name; of gradients what the scope defines. */
export type Outcome = ReadonlyMap<string, ArrayLike<number>>;

/** How the names of gradients begin. */
export const GRADIENT = 'gradient of ';

/** What the samples of a network are. */
interface Data {
  readonly arrays: readonly [Inputs, Inputs];
  readonly order: Int32Array;
  readonly labels: Int32Array;
  readonly targets: Float32Array;
}

/** Samples whose inputs are mostly alike, as a network's `lit` says. */
function dataOf({ seed, description, options, lit }: RandomNetwork, outputs: number): Data {
  const { bernoulli, below, normal, shuffle } = stream(seed, 'data');
  const size = sizeOf(description.input);
  const array = () => {
    const background = Array.from({ length: size }, () => (bernoulli(0.7) ? 0 : below(200)));
    const value = (i: number) => (bernoulli(lit) ? below(256) : background[i % size]);
    const bytes = new Uint8Array(SAMPLES * size);
    for (let i = 0; i < bytes.length; i++) bytes[i] = value(i);
    return options.inputType === 'bytes' ? bytes : Float32Array.from(bytes, (x) => x / 100 - 0.5);
  };
  const order = Int32Array.from({ length: SAMPLES }, (_, i) => i);
  shuffle(order);
  return {
    arrays: [array(), array()],
    order,
    labels: Int32Array.from({ length: SAMPLES }, () => below(outputs)),
    targets: Float32Array.from({ length: SAMPLES * outputs }, normal),
  };
}

/** A network with its optimizer on a backend, to which calls are made. */
export class Subject {
  readonly backend: Backend;
  readonly made: RandomNetwork;
  readonly data: Data;
  #network: Network;
  #optimizer: Optimizer;
  #loaded = '';

  constructor(backend: Backend, made: RandomNetwork, data?: Data) {
    this.backend = backend;
    this.made = made;
    this.#network = backend.compile(made.description, made.options);
    this.#optimizer = this.#newOptimizer();
    this.data = data ?? dataOf(made, sizeOf(this.#network.outputShape));
  }

  /** Random parameters, running statistics as training leaves them, and the optimizer's start. */
  start(): void {
    const { seed, density } = this.made;
    this.#write(seed, density);
    this.#optimizer.start();
  }

  state(): State {
    const tensors = [...this.#network.parameters, ...this.#network.buffers];
    return {
      tensors: new Map(tensors.map((each) => [each.name, atOnce(this.#network.read(each))])),
      optimizer: copyOf(atOnce(this.#optimizer.state())),
      steps: this.#optimizer.steps,
    };
  }

  restore({ tensors, optimizer, steps }: State): void {
    for (const each of [...this.#network.parameters, ...this.#network.buffers]) {
      this.#network.write(each, tensors.get(each.name)!);
    }
    this.#optimizer.restore(optimizer, steps);
  }

  /** Makes a call, and says what it gave and how everything is afterwards. */
  perform(call: Call, start: State): Outcome {
    const answers = this.#answers(call, start);
    const { tensors, optimizer } = this.state();
    const counts = this.#network.parameters.map((each) => [
      `counts of ${each.name}`,
      [this.#network.nonZeros(each), this.#network.activeRows(each)],
    ]) as [string, number[]][];
    return new Map([...answers, ...tensors, ...optimizer, ...counts]);
  }

  /** The optimizer's step along gradients that are given by the parameters' names; on a plain backend. */
  stepAlong(gradient: (name: string) => ArrayLike<number>, scope: GradientScope): Outcome {
    assert.ok(this.#network instanceof PlainNetwork);
    for (const each of this.#network.parameters) {
      this.#network.gradientOf(each).set(gradient(each.name));
    }
    this.#optimizer.step({ onSupport: scope === 'support' });
    const { tensors, optimizer } = this.state();
    const parameters = this.#network.parameters.map(({ name }) => name);
    const moved = [...tensors].filter(([name]) => parameters.includes(name));
    return new Map([...moved, ...optimizer]);
  }

  #answers(call: Call, start: State): [string, ArrayLike<number>][] {
    const network = this.#network;
    switch (call.kind) {
      case 'evaluate': {
        this.#load(call.batch);
        const { loss, hits } = atOnce(network.evaluate());
        return [['loss and hits', Float64Array.of(loss, hits)]];
      }
      case 'predict': {
        this.#loaded = '';
        const size = sizeOf(this.made.description.input);
        const inputs = this.data.arrays[call.array].subarray(0, call.samples * size);
        return [['outputs', atOnce(network.predict(inputs))]];
      }
      case 'differentiate':
      case 'step':
        return this.#differentiate(call);
      case 'hold':
        this.#loaded = '';
        network.hold(this.data.arrays[call.array]);
        return [];
      case 'write':
        this.#write(call.seed, call.density);
        return [];
      case 'resume': {
        const state = this.state();
        this.#network = this.backend.compile(this.made.description, this.made.options);
        this.#optimizer = this.#newOptimizer();
        this.#loaded = '';
        this.restore(state);
        return [];
      }
      case 'restore':
        this.restore(start);
        return [];
      case 'mishap':
        this.#loaded = '';
        assert.throws(() => this.#fail(call.what), `the ${call.what} should be refused`);
        return [];
    }
  }

  #differentiate({
    kind,
    batch,
    scope,
    block,
  }: Extract<Call, { scope: unknown }>): [string, ArrayLike<number>][] {
    const network = this.#network;
    this.#load(batch);
    const { loss, hits } = atOnce(network.differentiate(scope, block));
    const gradients = network.parameters.map((each): [string, Float32Array] => {
      const gradient = atOnce(network.readGradient(each));
      const weights = atOnce(network.read(each));
      const isDefined = (i: number) =>
        scope !== 'support' || each.role !== 'weight' || weights[i] !== 0;
      return [`${GRADIENT}${each.name}`, gradient.map((g, i) => (isDefined(i) ? g : 0))];
    });
    if (kind === 'step') this.#optimizer.step({ onSupport: scope === 'support' });
    return [['loss and hits', Float64Array.of(loss, hits)], ...gradients];
  }

  /** Loads a batch, unless it is the one that is loaded. */
  #load(batch: Batch): void {
    const key = JSON.stringify(batch);
    if (key === this.#loaded) return;
    const { array, from, count } = batch;
    this.#network.loadInputs(this.data.arrays[array], this.data.order, from, count);
    this.#loadTargets(from);
    this.#loaded = key;
  }

  #loadTargets(from: number): void {
    const { order, labels, targets } = this.data;
    if (this.#network.loss === 'cross-entropy') this.#network.loadLabels(labels, order, from);
    else this.#network.loadTargets(targets, order, from);
  }

  /** Makes a call that has to be refused. */
  #fail(what: Extract<Call, { kind: 'mishap' }>['what']): unknown {
    const network = this.#network;
    const { order, arrays } = this.data;
    const [inputs] = arrays;
    const size = sizeOf(this.made.description.input);
    const load = () => network.loadInputs(inputs, order, 0, 1);
    switch (what) {
      case 'label':
        load();
        if (network.loss === 'cross-entropy') return network.loadLabels([99], [0], 0);
        return network.loadTargets(new Float32Array(1), [7], 0);
      case 'sample':
        return network.loadInputs(inputs, [SAMPLES], 0, 1);
      case 'count':
        return network.loadInputs(inputs, order, 0, network.batchSize + 1);
      case 'type': {
        const other = inputs instanceof Uint8Array ? new Float32Array(9) : new Uint8Array(9);
        return network.loadInputs(other, order, 0, 1);
      }
      case 'predict':
        // Inputs of one number are always a whole number of samples.
        if (size === 1) return network.loadInputs(inputs, order, 0, 0);
        return network.predict(inputs.subarray(0, size + 1));
      case 'write': {
        return network.write(network.parameters[0], new Float32Array(1e6));
      }
      case 'block':
        load();
        this.#loadTargets(0);
        return network.differentiate('sampled', 1);
      case 'unloaded':
        network.hold(inputs);
        return network.evaluate();
    }
  }

  #write(seed: number, density: number): void {
    const network = this.#network;
    initialize(network, seed, () => ({ ...denseStart, density, gain: 1.5 }));
    const { normal } = stream(seed, 'statistics');
    for (const each of network.parameters.filter(({ initial }) => initial !== undefined)) {
      const values = Float32Array.from({ length: each.rows }, () => each.initial! + 0.3 * normal());
      network.write(each, values);
    }
    for (const buffer of network.buffers) {
      const values = Float32Array.from({ length: sizeOf(buffer.shape) }, () => 0.3 * normal());
      network.write(buffer, buffer.initial === 0 ? values : values.map((x) => 1 + x * x));
    }
    network.reindex();
  }

  #newOptimizer(): Optimizer {
    const { method, hyper, regularizer } = this.made;
    const { parameters } = this.#network;
    // A scale of a sum has no columns.
    const isGrouped = ({ role, shape }: (typeof parameters)[number]) =>
      role === 'weight' && shape.length > 1;
    return new Optimizer(this.#network, [
      {
        method,
        ...hyper,
        regularizer: regularizerFrom(regularizer),
        parameters: parameters.filter(isGrouped),
      },
      {
        method,
        ...hyper,
        regularizer: regularizerFrom({ kind: 'l1' }),
        lambda: hyper.lambda / 10,
        parameters: parameters.filter((each) => !isGrouped(each)),
      },
    ]);
  }
}

function copyOf(arrays: ReadonlyMap<string, Float32Array>): Map<string, Float32Array> {
  return new Map([...arrays].map(([name, array]) => [name, array.slice()]));
}
