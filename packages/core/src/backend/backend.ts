/** What training and optimizers need of whatever runs a network. */
import type { NetworkDescription } from '../graph/description.js';
import type { NetworkBuffer, Parameter } from '../graph/parameter.js';
import type { GradientScope } from '../graph/pass.js';
import type { BreakEven } from '../lowering/support.js';
import type { Regularizer, Shape } from '../math/index.js';
import type { ParameterState } from '../optim/method.js';
import type { Hyperparameters, Method } from '../optim/methods.js';
import { type Output, oneOf } from '../schema/index.js';
import type { Soon } from '../soon.js';

/** Softmax cross-entropy with class labels, or mean squared error with values. */
export const lossName = oneOf(['cross-entropy', 'squared-error']);

/** What a network is trained on: `cross-entropy` on labels, `squared-error` on values. */
export type LossName = Output<typeof lossName>;

/** Samples to take batches from: count × features, sample after sample. */
export type Inputs = Uint8Array | Float32Array;

/** What to compile a network for. */
export interface CompileOptions {
  /** The most samples that are worked on at once. */
  readonly batchSize: number;
  /** By default `cross-entropy`. */
  readonly loss?: LossName;
  /**
   * For the cross-entropy: ε in [0, 1), by default 0. `differentiate` takes the targets
   * (1 − ε) onehot(label) + ε / classes; `evaluate` takes the labels as they are.
   */
  readonly labelSmoothing?: number;
  /** What inputs are given as: bytes, meaning value / 255, or float32 numbers (the default). */
  readonly inputType?: 'bytes' | 'floats';
  /** Per channel (first axis of the input), or one for all: inputs become (x − mean) / std. */
  readonly normalization?:
    | { readonly mean: readonly number[]; readonly std: readonly number[] }
    | undefined;
  /** For backends that choose between kernels. */
  readonly breakEven?: BreakEven | undefined;
}

/** Sums over the samples of a batch. */
export interface BatchResult {
  readonly samples: number;
  readonly loss: number;
  /** Samples whose largest logit is the label's. */
  readonly hits: number;
}

/** Memory in bytes. */
export interface MemoryBudget {
  readonly needed: number;
  /** Infinity where the backend knows no limit. */
  readonly free: number;
}

/** Something that runs networks. */
export interface Backend {
  /** Such as `wasm` or `plain`. */
  readonly name: string;
  readonly threads: number;
  /**
   * Compiles a network, its parameters still zero; all its memory is planned here.
   *
   * @throws {UserError} layers do not fit one another (it names the layer), the normalization does not fit the
   *   input, or memory does not suffice
   * @throws RangeError where the batch size is no whole number from 1 on
   */
  compile(description: NetworkDescription, options: CompileOptions): Network;
  /**
   * What training a network would take, before anything is allocated.
   *
   * @param arrays how many arrays as large as the parameters the optimizer keeps
   * @throws {UserError} layers do not fit one another
   */
  memory(description: NetworkDescription, options: CompileOptions, arrays: number): MemoryBudget;
  /** Gives back threads and memory. */
  close(): void;
}

/** A network compiled for a backend and a batch size. */
export interface Network {
  readonly backend: Backend;
  readonly description: NetworkDescription;
  readonly batchSize: number;
  readonly loss: LossName;
  readonly parameters: readonly Parameter[];
  /** What layers keep besides their parameters: running statistics. */
  readonly buffers: readonly NetworkBuffer[];
  /** Of one sample. */
  readonly outputShape: Shape;

  /**
   * Keeps a copy of samples with the backend, in place of those held before: `loadInputs` from the same array
   * then copies nothing. What is written to the array later is not seen, and no batch is loaded any more.
   */
  hold(inputs: Inputs): void;
  /**
   * Takes in the inputs of samples `order[from]` to `order[from + count − 1]`.
   *
   * @throws RangeError where count is not between 1 and the batch size, or a sample is missing
   */
  loadInputs(inputs: Inputs, order: ArrayLike<number>, from: number, count: number): void;
  /**
   * Takes in the class labels of the same samples.
   *
   * @throws RangeError where a label is none of the classes
   */
  loadLabels(labels: ArrayLike<number>, order: ArrayLike<number>, from: number): void;
  /**
   * Takes in the target values of the same samples.
   *
   * @throws RangeError where a sample is missing
   */
  loadTargets(values: Float32Array, order: ArrayLike<number>, from: number): void;

  /**
   * Forward pass and loss of the loaded batch, by its labels as they are.
   *
   * @throws Error where none is loaded, or not its labels or targets
   */
  evaluate(): Soon<BatchResult>;
  /**
   * Forward and backward pass of the loaded batch; the gradients stay with the backend. Labels are smoothed
   * where that was asked for, in the loss too.
   *
   * @param sampledBlock for the scope `sampled`: which sixteen samples of the batch stand for it
   * @throws Error where none is loaded, or not its labels or targets
   * @throws RangeError where the batch has no such block
   */
  differentiate(scope?: GradientScope, sampledBlock?: number): Soon<BatchResult>;
  /**
   * The network's outputs for any number of inputs, sample after sample. No batch is loaded afterwards.
   *
   * @throws RangeError where the inputs are no whole number of samples
   */
  predict(inputs: Inputs): Soon<Float32Array>;

  /** A copy of a parameter's or a buffer's values in PyTorch's layout. */
  read(tensor: Parameter | NetworkBuffer): Soon<Float32Array>;
  /** A copy of the gradient that the last `differentiate` left. */
  readGradient(parameter: Parameter): Soon<Float32Array>;
  /**
   * Replaces values. Call `reindex` when all are written.
   *
   * @throws RangeError where there are too many or too few
   */
  write(tensor: Parameter | NetworkBuffer, values: Float32Array): void;
  /** Finds the non-zero weights again after `write`. */
  reindex(): void;
  /** Number of non-zeros of a parameter, as of the last step or `reindex`. */
  nonZeros(parameter: Parameter): number;
  /** Number of rows of a parameter that hold a non-zero, as of the last step or `reindex`. */
  activeRows(parameter: Parameter): number;
  /** Makes an optimizer's memory and the step that works on it. */
  stepper(groups: readonly StepGroup[]): Stepper;
}

/** Parameters that share a method, a regularizer and the numbers of a step. */
export interface StepGroup {
  readonly method: Method;
  readonly regularizer: Regularizer;
  /** Read anew before every step. */
  readonly hyper: Hyperparameters;
  readonly parameters: readonly Parameter[];
  /**
   * In a step on the support, a weight that lands at 0 becomes `LEAST_ALIVE` and lives on. For methods that move θ
   * itself, without a prox.
   */
  readonly keepsAlive?: boolean;
}

/** Moves parameters along their gradients, and keeps what the methods remember. */
export interface Stepper {
  /**
   * One step of every group, after which the non-zeros are counted.
   *
   * @param t number of the step, from 1
   * @param onSupport only the non-zero weights move; v and the moments of the others rest, and their gradients
   *   are not read
   */
  step(t: number, onSupport: boolean): void;
  /** θ, v and the moments of a parameter: the backend's own memory where it can be looked at, else a copy. */
  read(parameter: Parameter): Soon<ParameterState>;
  /** Takes back what `read` gave, changed in place. */
  write(parameter: Parameter, state: ParameterState): void;
}
