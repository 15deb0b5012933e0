import { abreast, type Call, type LoadedProgram, words } from '../engine/index.js';
import { UserError } from '../files/errors.js';
import type { Regularizer } from '../math/index.js';
import type { Network, Parameter } from '../nn/index.js';
import { countCall } from '../nn/support.js';
import { isFused, SETTINGS_WORDS, type Slot, stepCalls, writeSettings } from './fused.js';
import type { LambdaView, Units } from './lambda/index.js';
import {
  type Hyperparameters,
  type Method,
  type MethodName,
  type ParameterState,
  proxOfSubgradient,
  resetSubgradient,
} from './method.js';
import { methods } from './methods.js';

/** Parameters that share a method, a regularizer and the numbers of a step. */
export interface GroupOptions extends Partial<Hyperparameters> {
  readonly method: MethodName;
  readonly learningRate: number;
  readonly parameters: readonly Parameter[];
  readonly regularizer: Regularizer;
}

const defaults = {
  lambda: 0,
  delta: 1,
  momentum: 0,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
};

/** One group of an optimizer; schedules write `learningRate`, policies `lambda`. */
export class ParameterGroup {
  readonly method: Method;
  readonly regularizer: Regularizer;
  readonly hyper: Hyperparameters & { learningRate: number; lambda: number };
  readonly slots: readonly Slot[];
  /** Whether the steps run in the kernels; else in plain TypeScript. */
  readonly fused: boolean;
  readonly #network: Network;
  /** What the kernel reads, shared by the parameters. */
  readonly #settings = words('optimizer settings', SETTINGS_WORDS);

  constructor(network: Network, options: GroupOptions) {
    const { method, parameters, regularizer, ...hyper } = options;
    this.#network = network;
    this.method = methods[method];
    this.regularizer = regularizer;
    this.hyper = { ...defaults, ...hyper };
    this.fused = isFused(this.method, regularizer);
    const settings = this.#settings;
    const momentCount = this.method.moments(this.hyper);
    this.slots = parameters.map((parameter) => {
      network.engine.allocate(parameter.gradient);
      const plan = (what: string) => {
        const buffer = words(`${parameter.name}.${what}`, parameter.rows * parameter.columns);
        // Now, so that later no allocation outdates the view of another buffer.
        network.engine.allocate(buffer);
        return buffer;
      };
      return {
        settings,
        parameter,
        ...(this.method.usesSubgradient && { subgradient: plan('subgradient') }),
        moments: ['moment1', 'moment2'].slice(0, momentCount).map(plan),
      };
    });
  }

  /** v⁰ = θ⁰/δ + λs, and no moments. */
  start(): void {
    for (const slot of this.slots) {
      const state = this.#stateOf(slot);
      if (state.subgradient) resetSubgradient(state, this.hyper, this.regularizer);
      for (const moment of state.moments) moment.fill(0);
    }
  }

  /**
   * Before step t: the numbers for the kernel, or the whole step in plain TypeScript.
   *
   * @param onSupport whether what belongs to a zero weight rests
   */
  prepare(t: number, onSupport: boolean): void {
    if (!this.fused) {
      for (const slot of this.slots) this.#stepPlainly(slot, t, onSupport);
      return;
    }
    const { engine } = this.#network;
    const to = {
      floats: engine.floats(this.#settings),
      integers: engine.integers(this.#settings),
    };
    writeSettings(to, this.method, this.hyper, this.regularizer, t, onSupport);
  }

  /** J(θ) = λR(θ) over the group. */
  value(): number {
    const { engine } = this.#network;
    const unit = this.slots.reduce(
      (sum, { parameter }) =>
        sum + this.regularizer.value(engine.floats(parameter.value), parameter.shape),
      0,
    );
    return this.hyper.lambda * unit;
  }

  /** What a λ policy sees and does. */
  view(): LambdaView {
    const { hyper, slots } = this;
    const network = this.#network;
    return {
      get lambda() {
        return hyper.lambda;
      },
      set lambda(value) {
        hyper.lambda = value;
      },
      get density() {
        const parameters = slots.map(({ parameter }) => parameter);
        const nonZeros = parameters.reduce((sum, each) => sum + network.nonZeros(each), 0);
        return nonZeros / parameters.reduce((sum, each) => sum + each.rows * each.columns, 0);
      },
      units: () => slots.map((slot) => this.#units(slot)),
      resetSubgradients: () => {
        for (const slot of slots) resetSubgradient(this.#stateOf(slot), hyper, this.regularizer);
      },
    };
  }

  /**
   * The arrays that a checkpoint saves, by name; they are the optimizer's own memory.
   */
  state(): Map<string, Float32Array> {
    const buffers = this.slots.flatMap(({ subgradient, moments }) =>
      subgradient ? [subgradient, ...moments] : moments,
    );
    return new Map(buffers.map((buffer) => [buffer.name, this.#network.engine.floats(buffer)]));
  }

  #stepPlainly(slot: Slot, t: number, onSupport: boolean): void {
    const state = this.#stateOf(slot);
    const gradient = this.#network.engine.floats(slot.parameter.gradient);
    // Biases and gains have no support, and never rest.
    const mayRest = onSupport && slot.parameter.support !== undefined;
    const isResting = Array.from(state.theta, (weight) => mayRest && weight === 0);
    const remembered = [state.subgradient ?? state.theta, ...state.moments];
    const before = remembered.map((array) => array.slice());
    // A prox may join what rests with what moves.
    const read = mayRest ? gradient.map((g, i) => (isResting[i] ? 0 : g)) : gradient;
    this.method.step(state, read, this.hyper, this.regularizer, t);
    if (!mayRest) return;
    for (const [i, array] of remembered.entries()) {
      for (let j = 0; j < array.length; j++) if (isResting[j]) array[j] = before[i][j];
    }
    if (state.subgradient) proxOfSubgradient(state, this.hyper, this.regularizer);
  }

  #units(slot: Slot): Units {
    const { subgradient, shape } = this.#stateOf(slot);
    const thresholds = subgradient && this.regularizer.thresholds?.(subgradient, shape);
    if (!thresholds) {
      throw new Error(
        `a target density needs a Bregman method and a regularizer with thresholds, not ` +
          `${this.method.name} with ${this.regularizer.name}`,
      );
    }
    return { thresholds, size: subgradient.length / thresholds.length };
  }

  #stateOf({ parameter, subgradient, moments }: Slot): ParameterState {
    const { engine } = this.#network;
    return {
      theta: engine.floats(parameter.value),
      shape: parameter.shape,
      ...(subgradient && { subgradient: engine.floats(subgradient) }),
      moments: moments.map((moment) => engine.floats(moment)),
    };
  }
}

/** Steps the parameters of a network, group by group, in fused kernels where these exist. */
export class Optimizer {
  readonly groups: readonly ParameterGroup[];
  readonly #network: Network;
  #program?: LoadedProgram;
  /** Steps taken. */
  #steps = 0;

  /** Parameters that no group names stay as they are. Call `start` when they have their values. */
  constructor(network: Network, groups: readonly GroupOptions[]) {
    this.#network = network;
    this.groups = groups.map((options) => new ParameterGroup(network, options));
  }

  get steps(): number {
    return this.#steps;
  }

  /** Begins at the present parameters. */
  start(): void {
    this.#steps = 0;
    this.#network.reindex();
    for (const group of this.groups) group.start();
  }

  /**
   * One step along the gradients that lie with the parameters.
   *
   * @param onSupport only the non-zero weights move; v and the moments of the others rest, and their
   *   gradients are not read
   */
  step({ onSupport = false } = {}): void {
    this.#steps++;
    for (const group of this.groups) group.prepare(this.#steps, onSupport);
    this.#program ??= this.#network.engine.load(
      abreast(this.groups.flatMap((group) => callsOf(this.#network, group))),
    );
    this.#network.engine.run(this.#program, 1);
  }

  /** The regularizer J(θ) over all groups. */
  value(): number {
    return this.groups.reduce((sum, group) => sum + group.value(), 0);
  }

  /** The arrays that a checkpoint saves, by name; they are the optimizer's own memory. */
  state(): Map<string, Float32Array> {
    return new Map(this.groups.flatMap((group) => [...group.state()]));
  }

  /**
   * Continues where `state` was taken, after `steps` steps and with the parameters of then.
   *
   * @throws {UserError} an array is missing or has another length
   */
  restore(state: ReadonlyMap<string, Float32Array>, steps: number): void {
    for (const [name, own] of this.state()) {
      const saved = state.get(name);
      if (saved?.length !== own.length) {
        throw new UserError(
          `optimizer state '${name}': ${own.length} numbers expected, ${saved?.length ?? 'none'} found`,
        );
      }
      own.set(saved);
    }
    this.#steps = steps;
    this.#network.reindex();
  }
}

/** The kernels of one step, parameter by parameter: move, prox and count, then the index of the non-zeros. */
function callsOf(network: Network, { slots, fused, regularizer }: ParameterGroup): Call[][] {
  return slots.map((slot) => {
    const { parameter } = slot;
    const isCounted = fused && regularizer.form?.by !== 'columns';
    return [
      ...(fused ? stepCalls(slot, regularizer) : []),
      ...(parameter.support && !isCounted ? [countCall(parameter.support, parameter.value)] : []),
      ...network.indexCalls(parameter),
    ];
  });
}
