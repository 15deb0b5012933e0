import type { Parameter } from '../../graph/parameter.js';
import type { ParameterState } from '../../optim/method.js';
import { stepPlainly } from '../../optim/step-plainly.js';
import type { StepGroup, Stepper } from '../backend.js';

/** What a stepper needs of the network that it steps. */
export interface SteppedNetwork {
  /** The parameter's own memory, and its gradient's. */
  valueOf(parameter: Parameter): Float32Array;
  gradientOf(parameter: Parameter): Float32Array;
  /** Counts the non-zeros of a parameter. */
  count(parameter: Parameter): void;
}

/** Steps the parameters of a network by the methods' own mathematics. */
export class PlainStepper implements Stepper {
  readonly #network: SteppedNetwork;
  readonly #groups: readonly StepGroup[];
  readonly #states: ReadonlyMap<string, ParameterState>;

  constructor(network: SteppedNetwork, groups: readonly StepGroup[]) {
    this.#network = network;
    this.#groups = groups;
    this.#states = new Map(
      groups.flatMap((group) =>
        group.parameters.map((each) => [each.name, stateOf(group, each, network.valueOf(each))]),
      ),
    );
  }

  step(t: number, onSupport: boolean): void {
    for (const { method, hyper, regularizer, parameters, keepsAlive } of this.#groups) {
      for (const parameter of parameters) {
        const gradient = this.#network.gradientOf(parameter);
        // Biases and gains have no support, and never rest.
        const mayRest = onSupport && parameter.role === 'weight';
        const state = this.read(parameter);
        stepPlainly(method, state, gradient, hyper, regularizer, t, mayRest, keepsAlive);
        this.#network.count(parameter);
      }
    }
  }

  /** The arrays themselves. */
  read({ name }: Parameter): ParameterState {
    return this.#states.get(name)!;
  }

  /** Nothing is left to do: `read` gave the arrays themselves. */
  write(): void {}
}

function stateOf(
  { method, hyper }: StepGroup,
  { shape }: Parameter,
  theta: Float32Array,
): ParameterState {
  const zeros = () => new Float32Array(theta.length);
  return {
    theta,
    shape,
    ...(method.usesSubgradient && { subgradient: zeros() }),
    moments: Array.from({ length: method.moments(hyper) }, zeros),
  };
}
