import type { Network, StepGroup, Stepper } from '../backend/backend.js';
import { UserError } from '../files/errors.js';
import type { Parameter } from '../graph/parameter.js';
import { type Regularizer, scaled } from '../math/index.js';
import type { LambdaView, Units } from '../optim/lambda/index.js';
import { carrySubgradient, type ParameterState, resetSubgradient } from '../optim/method.js';
import {
  type Hyperparameters,
  hyperparameters,
  type Method,
  type MethodName,
  methods,
} from '../optim/methods.js';
import { allReady, type Soon, whenReady } from '../soon.js';

/** Parameters that share a method, a regularizer and the numbers of a step. */
export interface GroupOptions extends Partial<Hyperparameters> {
  readonly method: MethodName;
  readonly learningRate: number;
  readonly parameters: readonly Parameter[];
  readonly regularizer: Regularizer;
  /** Whether a weight that a step on the support lands at 0 lives on, see {@link StepGroup}. */
  readonly keepsAlive?: boolean;
  /** p: each parameter has a λ of its own, λ · (its fan-in / the group's mean fan-in)^p; by default 0. */
  readonly lambdaFanIn?: number;
}

/** One group of an optimizer; schedules write `learningRate`, policies `lambda`. */
export class ParameterGroup implements StepGroup {
  readonly method: Method;
  readonly regularizer: Regularizer;
  readonly hyper: Hyperparameters & { learningRate: number; lambda: number };
  readonly parameters: readonly Parameter[];
  readonly keepsAlive: boolean;
  /** What is stepped together: the group, or each parameter whose λ is its own; all share the numbers. */
  readonly parts: readonly StepGroup[];

  constructor(options: GroupOptions) {
    const {
      method,
      parameters,
      regularizer,
      keepsAlive = false,
      lambdaFanIn = 0,
      ...hyper
    } = options;
    this.method = methods[method];
    this.regularizer = regularizer;
    this.hyper = { ...hyperparameters.defaults, lambda: 0, ...hyper };
    this.parameters = parameters;
    this.keepsAlive = keepsAlive;
    this.parts = lambdaFanIn === 0 ? [this] : scaledParts(this, lambdaFanIn);
  }
}

/** A part for each parameter: λ · c times R is λ times cR. */
function scaledParts(group: Omit<ParameterGroup, 'parts'>, power: number): StepGroup[] {
  const { method, hyper, parameters, regularizer, keepsAlive } = group;
  const mean = meanFanIn(parameters);
  return parameters.map((parameter) => ({
    method,
    hyper,
    keepsAlive,
    regularizer: scaled(regularizer, (parameter.fanIn / mean) ** power),
    parameters: [parameter],
  }));
}

/** Over all entries, so that the λ of a group is about that of most of them. */
function meanFanIn(parameters: readonly Parameter[]): number {
  const sizes = parameters.map(({ rows, columns }) => rows * columns);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  return parameters.reduce((sum, { fanIn }, i) => sum + (fanIn * sizes[i]) / total, 0);
}

/**
 * Steps the parameters of a network, group by group. What a method remembers lies with the network's backend.
 *
 * ```ts
 * import { denseStart, initialize, l1, linear, network, Optimizer, WasmBackend } from '@bregman/core';
 *
 * const backend = await WasmBackend.create();
 * const net = backend.compile(network([4], [linear(3)]), { batchSize: 16 });
 * initialize(net, 0, () => ({ ...denseStart, density: 0.1 }));
 * const { parameters } = net;
 * const group = { method: 'linbreg', learningRate: 0.1, lambda: 0.1, regularizer: l1(), parameters } as const;
 * const optimizer = new Optimizer(net, [group]);
 * optimizer.start();
 * net.loadInputs(Float32Array.of(1, 2, 3, 4), [0], 0, 1);
 * net.loadLabels([2], [0], 0);
 * net.differentiate();
 * optimizer.step();
 * backend.close();
 * ```
 */
export class Optimizer {
  readonly groups: readonly ParameterGroup[];
  readonly #network: Network;
  readonly #stepper: Stepper;
  /** Steps taken. */
  #steps = 0;

  /** Parameters that no group names stay as they are. Call `start` when they have their values. */
  constructor(network: Network, groups: readonly GroupOptions[]) {
    this.#network = network;
    this.groups = groups.map((options) => new ParameterGroup(options));
    checkOnce(this.groups.flatMap(({ parameters }) => parameters));
    this.#stepper = network.stepper(this.groups.flatMap(({ parts }) => parts));
  }

  get steps(): number {
    return this.#steps;
  }

  /** Begins at the present parameters: v⁰ = θ⁰/δ + λs, and no moments. */
  start(): Soon<void> {
    this.#steps = 0;
    this.#network.reindex();
    return done(
      this.groups.map((group) =>
        this.#change(group, (state, regularizer) => {
          if (state.subgradient) resetSubgradient(state, group.hyper, regularizer);
          for (const moment of state.moments) moment.fill(0);
        }),
      ),
    );
  }

  /**
   * One step along the gradients that lie with the parameters.
   *
   * @param onSupport only the non-zero weights move; v and the moments of the others rest, and their
   *   gradients are not read
   */
  step({ onSupport = false } = {}): void {
    this.#stepper.step(this.#steps + 1, onSupport);
    this.#steps++;
  }

  /** Counts a step in which no parameter moves; Adam's t counts it too. */
  skip(): void {
    this.#steps++;
  }

  /** Changes weights in place, with what the method remembers of them, and finds the non-zeros again. */
  change(
    parameters: readonly Parameter[],
    change: (states: readonly ParameterState[]) => void,
  ): Soon<void> {
    return whenReady(this.#statesOf(parameters), (states) => {
      change(states);
      this.#write(parameters, states);
    });
  }

  /**
   * Takes the pull of the regularizer away: λ ← 0 and v ← θ/δ, so that the prox leaves live weights as they are.
   * What v held of resting ones is forgotten.
   */
  release(): Soon<void> {
    return done(
      this.groups.map((group) => {
        group.hyper.lambda = 0;
        return this.#change(group, (state, regularizer) => {
          if (state.subgradient) resetSubgradient(state, group.hyper, regularizer);
        });
      }),
    );
  }

  /** A group's parameter as it is: the backend's own memory where it can be looked at, else a copy. */
  theta(parameter: Parameter): Soon<Float32Array> {
    return whenReady(this.#stepper.read(parameter), ({ theta }) => theta);
  }

  /** The regularizer J(θ) = λR(θ), over all groups. */
  value(): Soon<number> {
    return whenReady(allReady(this.groups.map((group) => this.#valueOf(group))), (values) =>
      values.reduce((sum, value) => sum + value, 0),
    );
  }

  #valueOf({ parts, hyper }: ParameterGroup): Soon<number> {
    const units = parts.map(({ parameters, regularizer }) =>
      whenReady(this.#statesOf(parameters), (states) =>
        states.reduce((sum, { theta, shape }) => sum + regularizer.value(theta, shape), 0),
      ),
    );
    return whenReady(
      allReady(units),
      (values) => hyper.lambda * values.reduce((sum, value) => sum + value, 0),
    );
  }

  /** What a λ policy sees and does: one of the optimizer's groups with its λ. */
  view(group: ParameterGroup): LambdaView {
    const network = this.#network;
    const { hyper, parameters } = group;
    return {
      get lambda() {
        return hyper.lambda;
      },
      set lambda(value) {
        hyper.lambda = value;
      },
      get density() {
        const nonZeros = parameters.reduce((sum, each) => sum + network.nonZeros(each), 0);
        return nonZeros / parameters.reduce((sum, each) => sum + each.rows * each.columns, 0);
      },
      units: () =>
        whenReady(allReady(group.parts.map((part) => this.#unitsOf(part))), (units) =>
          units.flat(),
        ),
      resetSubgradients: () =>
        this.#change(group, (state, regularizer) => resetSubgradient(state, hyper, regularizer)),
      carryTo: (lambda) => {
        const change = lambda - hyper.lambda;
        hyper.lambda = lambda;
        return this.#change(group, (state, regularizer) =>
          carrySubgradient(state, change, regularizer),
        );
      },
    };
  }

  /** What a checkpoint saves, by name: the backend's own memory where it can be looked at. */
  state(): Soon<Map<string, Float32Array>> {
    const parameters = this.groups.flatMap((group) => group.parameters);
    return whenReady(
      this.#statesOf(parameters),
      (states) => new Map(states.flatMap((state, i) => arraysOf(parameters[i], state))),
    );
  }

  /**
   * Continues where `state` was taken, after `steps` steps and with the parameters of then.
   *
   * @throws {UserError} an array is missing or has another length
   */
  restore(saved: ReadonlyMap<string, Float32Array>, steps: number): Soon<void> {
    const parameters = this.groups.flatMap((group) => group.parameters);
    return whenReady(this.#statesOf(parameters), (states) => {
      // All is there before anything is changed.
      const copies = states.flatMap((state, i) =>
        arraysOf(parameters[i], state).map(([name, own]) => ({
          own,
          from: arrayOf(saved, name, own),
        })),
      );
      for (const { own, from } of copies) own.set(from);
      this.#write(parameters, states);
      this.#steps = steps;
    });
  }

  #write(parameters: readonly Parameter[], states: readonly ParameterState[]): void {
    for (const [i, state] of states.entries()) this.#stepper.write(parameters[i], state);
    this.#network.reindex();
  }

  #statesOf(parameters: readonly Parameter[]): Soon<readonly ParameterState[]> {
    return allReady(parameters.map((parameter) => this.#stepper.read(parameter)));
  }

  #unitsOf(part: StepGroup): Soon<readonly Units[]> {
    return whenReady(this.#statesOf(part.parameters), (states) =>
      states.map((state) => unitsOf(part, state)),
    );
  }

  /** Changes what is remembered of each parameter of a group; the regularizer is the parameter's own. */
  #change(
    { parts }: ParameterGroup,
    change: (state: ParameterState, regularizer: Regularizer) => void,
  ): Soon<void> {
    return done(
      parts.flatMap(({ parameters, regularizer }) =>
        parameters.map((each) => this.#changeOne(each, (state) => change(state, regularizer))),
      ),
    );
  }

  #changeOne(parameter: Parameter, change: (state: ParameterState) => void): Soon<void> {
    return whenReady(this.#stepper.read(parameter), (state) => {
      change(state);
      this.#stepper.write(parameter, state);
    });
  }
}

/** @throws Error where two groups have a parameter */
function checkOnce(parameters: readonly Parameter[]): void {
  const names = parameters.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) throw new Error(`'${twice}' is in two groups`);
}

function done(changes: readonly Soon<void>[]): Soon<void> {
  return whenReady(allReady(changes), () => undefined);
}

function unitsOf({ method, regularizer }: StepGroup, state: ParameterState): Units {
  const { subgradient, shape } = state;
  const thresholds = subgradient && regularizer.thresholds?.(subgradient, shape);
  if (!thresholds) {
    throw new Error(
      `a target density needs a Bregman method and a regularizer with thresholds, not ` +
        `${method.name} with ${regularizer.name}`,
    );
  }
  return { thresholds, size: subgradient.length / thresholds.length };
}

/** What a method remembers of a parameter, by the names of a checkpoint. */
function arraysOf(
  { name }: Parameter,
  { subgradient, moments }: ParameterState,
): [name: string, data: Float32Array][] {
  const own = moments.map((moment, i): [string, Float32Array] => [
    `${name}.moment${i + 1}`,
    moment,
  ]);
  return subgradient ? [[`${name}.subgradient`, subgradient], ...own] : own;
}

function arrayOf(
  saved: ReadonlyMap<string, Float32Array>,
  name: string,
  { length }: Float32Array,
): Float32Array {
  const found = saved.get(name);
  if (found?.length === length) return found;
  throw new UserError(
    `optimizer state '${name}': ${length} numbers expected, ${found?.length ?? 'none'} found`,
  );
}
