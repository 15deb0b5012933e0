/** Weight decay, in the two forms that every method offers. */
import { number, withDefault } from '../schema/index.js';
import type { Values } from './method.js';

/** What every method's step reads; with both at 0, the default, nothing decays. */
export const decay = {
  /** w ≥ 0, coupled: the gradient is that of L + w‖θ‖²/2. */
  weightDecay: withDefault(number(0), 0),
  /** w ≥ 0, decoupled: beside the step, what the method moves shrinks by τwθ. */
  decoupledWeightDecay: withDefault(number(0), 0),
};

type Decay = Values<typeof decay>;

/** Coupled weight decay: g + wθ, in a new array; g itself where w is 0. */
export function decayed(
  gradient: Float32Array,
  theta: Float32Array,
  { weightDecay }: Decay,
): Float32Array {
  return weightDecay > 0 ? gradient.map((g, i) => g + weightDecay * theta[i]) : gradient;
}

/**
 * Decoupled weight decay: x ← x − τwθ, x being what the method moves. Where x is θ itself, this is AdamW
 * (Loshchilov and Hutter, arXiv 1711.05101); where it is v of a Bregman method, a weight that lives decays by
 * δτwθ in the next prox. Zeros do not decay in either.
 */
export function shrink(
  x: Float32Array,
  theta: Float32Array,
  { learningRate, decoupledWeightDecay }: Decay & { readonly learningRate: number },
): void {
  const share = learningRate * decoupledWeightDecay;
  if (share > 0) for (let i = 0; i < x.length; i++) x[i] -= share * theta[i];
}

/** The same hyperparameters for biases and gains, which never decay. */
export function withoutDecay<Hyper extends Decay>(hyper: Hyper): Hyper {
  if (hyper.weightDecay === 0 && hyper.decoupledWeightDecay === 0) return hyper;
  return { ...hyper, weightDecay: 0, decoupledWeightDecay: 0 };
}
