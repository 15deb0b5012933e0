import type { Regularizer, Shape } from '../math/index.js';
import type { Defaulted } from '../schema/index.js';

/** The values of hyperparameters that are declared like this. */
export type Values<E> = {
  readonly [Name in keyof E]: E[Name] extends Defaulted<infer Value> ? Value : never;
};

/** What starts a Bregman method, and ends each of its steps. */
export interface ProxParameters {
  /** λ ≥ 0, the weight of the regularizer: J = λR. */
  readonly lambda: number;
  /** δ > 0, the elastic net: J_δ = J + ‖θ‖² / (2δ). */
  readonly delta: number;
}

/** One parameter tensor with what its method remembers; all arrays have the length of `theta`. */
export interface ParameterState {
  readonly theta: Float32Array;
  readonly shape: Shape;
  /** v ∈ ∂J_δ(θ), for the Bregman methods. */
  readonly subgradient?: Float32Array;
  /** Moments of the gradient, 0 at the start. */
  readonly moments: readonly Float32Array[];
}

/** How the moved variable follows the gradient in the kernels: see `step` of the method that names it. */
export type KernelUpdate =
  | 'plain'
  | 'averaged'
  | 'averaged-nesterov'
  | 'heavy-ball'
  | 'heavy-ball-nesterov'
  | 'adam';

/**
 * A step as the fused kernels run it: x follows the gradient, x being v where the method carries one, else θ;
 * then θ ← prox of δv, or of θ.
 */
export interface KernelStep<Hyper> {
  update(hyper: Hyper): KernelUpdate;
  /** t of the prox, in units of λ; without, there is none. */
  proxStep?(hyper: Hyper): number;
  /** Whether the gradient is that of L + J, by a subgradient of J. */
  readonly followsRegularizer?: boolean;
}

/**
 * An optimization method as its own mathematics. The fused kernels are tested against it.
 *
 * ```ts
 * import { l1 } from '@bregman/core/math';
 * import { hyperparameters, initialState, methods } from '@bregman/core/optim';
 *
 * const hyper = hyperparameters.defaults; // τ = λ = 0.1, δ = 1, no momentum
 * const state = initialState(methods.linbreg, new Float32Array(4), [2, 2], hyper, l1());
 * methods.linbreg.step(state, Float32Array.of(-2, 0.5, 0, 0), hyper, l1(), 1);
 * console.log(state.theta); // one weight has crossed λ: 0.1, 0, 0, 0
 * ```
 */
export interface MethodOf<Hyper> {
  readonly name: string;
  /** What its step reads, by name; methods that share a name share the entry. */
  readonly hyperparameters: Readonly<Record<string, Defaulted<number> | Defaulted<boolean>>>;
  /** Whether the method carries v: the Bregman methods do. */
  readonly usesSubgradient: boolean;
  /** Whether it moves the live weights alone, and leaves it to a support policy which these are. */
  readonly movesOnSupport?: boolean;
  /** How many moments a parameter keeps. */
  moments(hyper: Hyper): number;
  /** The same step in the fused kernels; without, it runs in plain TypeScript. */
  readonly kernel?: KernelStep<Hyper>;
  /**
   * Takes one step in place: reads and writes float32, computes in float64.
   *
   * @param gradient g, as long as θ.
   * @param t number of this step, from 1: the Adam moments correct their bias by it.
   */
  step(
    state: ParameterState,
    gradient: Float32Array,
    hyper: Hyper,
    regularizer: Regularizer,
    t: number,
  ): void;
}

/** What a method starts from. θ is not copied: the steps change the given array. */
export function initialState<Hyper>(
  method: MethodOf<Hyper>,
  theta: Float32Array,
  shape: Shape,
  hyper: Hyper & ProxParameters,
  regularizer: Regularizer,
): ParameterState {
  const zeros = () => new Float32Array(theta.length);
  const moments = Array.from({ length: method.moments(hyper) }, zeros);
  if (!method.usesSubgradient) return { theta, shape, moments };
  const state = { theta, shape, moments, subgradient: zeros() };
  resetSubgradient(state, hyper, regularizer);
  return state;
}

/** v ← θ/δ + λs with s ∈ ∂R(θ), s = 0 where θ is 0: the start of a Bregman method. */
export function resetSubgradient(
  state: ParameterState,
  { delta, lambda }: ProxParameters,
  regularizer: Regularizer,
): void {
  const { theta, shape } = state;
  const v = subgradientOf(state);
  regularizer.subgradient(theta, shape, v);
  for (let i = 0; i < v.length; i++) v[i] = theta[i] / delta + lambda * v[i];
}

/**
 * v ← v + Δs with s ∈ ∂R(θ), s = 0 where θ is 0: what a move of λ by Δ asks for so that prox_{δJ}(δv) stays θ. For
 * v = θ/δ + λs on the support becomes θ/δ + (λ + Δ)s. What λ holds back elsewhere stays as it is; where λ falls below
 * it, it comes alive in the next step as ever.
 */
export function carrySubgradient(
  state: ParameterState,
  change: number,
  regularizer: Regularizer,
): void {
  const { theta, shape } = state;
  const v = subgradientOf(state);
  const s = new Float32Array(v.length);
  regularizer.subgradient(theta, shape, s);
  for (let i = 0; i < v.length; i++) v[i] += change * s[i];
}

/** θ ← prox_{δJ}(δv): the second half of every Bregman step. */
export function proxOfSubgradient(
  state: ParameterState,
  { delta, lambda }: ProxParameters,
  regularizer: Regularizer,
): void {
  const { theta, shape } = state;
  const v = subgradientOf(state);
  for (let i = 0; i < v.length; i++) theta[i] = delta * v[i];
  regularizer.prox(theta, shape, delta * lambda);
}

/**
 * The dual variable v of a parameter.
 *
 * @throws TypeError when the parameter was started for a method without one.
 */
export function subgradientOf({ subgradient }: ParameterState): Float32Array {
  if (!subgradient) throw new TypeError('this parameter carries no subgradient');
  return subgradient;
}
