import type { Call, PlannedBuffer } from '../engine/index.js';
import type { Shape } from '../math/index.js';
import type { Parameter } from './parameter.js';
import type { Tensor } from './planes.js';

/** A layer as plain data; `kind` names its operation in `src/nn/layers/index.ts`. */
export interface Layer {
  readonly kind: string;
}

/** What a parameter of a layer looks like. */
export interface ParameterShape {
  readonly shape: Shape;
  /** Weights may be sparse and regularized; biases and gains are neither. */
  readonly role: 'weight' | 'bias' | 'gain';
  /** Inputs that one output sums over. */
  readonly fanIn: number;
  /** What all its entries begin with, whatever the start. */
  readonly initial?: number;
  /** Of a weight: multiplies the break-even densities, where whole rows go by a faster algorithm. */
  readonly breakEvenFactor?: number;
}

/** A tensor that a layer keeps but does not train: running statistics. */
export interface BufferShape {
  readonly shape: Shape;
  /** Value of all its entries at the start. */
  readonly initial: number;
}

/** Such a tensor in a compiled network. */
export interface NetworkBuffer extends BufferShape {
  /** `LAYER.running_mean` and the like. */
  readonly name: string;
  readonly value: PlannedBuffer;
}

/** Where an operation's kernel calls read and write. */
export interface Site {
  readonly batch: PlannedBuffer;
  /** Blocks of sixteen samples that the memory is planned for. */
  readonly blocks: number;
  readonly inputs: readonly Tensor[];
  /** For each input whether its gradient holds something to add to: another reader of it came first. */
  readonly accumulates: readonly boolean[];
  readonly output: Tensor;
  /** By the short name that `parameters` gave them. */
  readonly parameters: Readonly<Record<string, Parameter>>;
  readonly buffers: Readonly<Record<string, NetworkBuffer>>;
  /**
   * Memory that a layer has to itself within its forward, and within its backward calls, as large as the
   * largest request for it. To be asked for while the layer is placed, and not later.
   */
  readonly workspace: (bytes: number) => PlannedBuffer;
}

/**
 * Which weights get a gradient: `all`; the non-zero ones of the `support` alone; or these exactly and
 * the others from one block of sixteen samples that stands for the batch (`sampled`).
 */
export type GradientScope = 'all' | 'support' | 'sampled';

/** Numbers of the scopes of the kernels over rows (kernels/layout.ts). */
export const SCOPES = { all: 0, activeRows: 1, sampled: 2 } as const;

/** Whether statistics come from the batch, or from training. */
export type Mode = 'training' | 'evaluation';

/** The kernel calls of a layer at one place in a network. */
export interface Placed {
  /** Memory that its kernels want for themselves, in every thread; none: what an engine always has. */
  readonly scratchBytes?: number;
  forward(mode: Mode): Call[];
  /** Gradients of the parameters, then of the inputs that have a buffer for one. */
  backward(scope: GradientScope): Call[];
  /** Rebuilds what the operation derives from its weights' index, after every optimizer step. */
  readonly index?: readonly Call[];
}

/** A kind of layer: its shapes, its forward and its backward program. */
export interface Operation<L extends Layer> {
  /** How many inputs it takes: a number, or at least two. */
  readonly inputs: 1 | 2 | '1 or 2' | 'several';
  /**
   * Whether the output may take the input's memory: where backward reads the output alone.
   * `always`: both are laid out alike, whether in place or not.
   */
  readonly inPlace?: 'always' | 'without halo';
  /** Whether backward reads the output's values: then a layer in place must leave them alone. */
  readsOutput?(layer: L): boolean;
  /** Whether, in place, it leaves all values alone but those that it passes no gradient to. */
  keepsValues?(layer: L): boolean;
  /**
   * The shape of one sample's output.
   *
   * @throws Error where the layer cannot take such inputs; the caller names the layer
   */
  outputShape(layer: L, inputs: readonly Shape[]): Shape;
  /** Its parameters by short name, in PyTorch's names and layouts. */
  parameters?(layer: L, inputs: readonly Shape[]): Readonly<Record<string, ParameterShape>>;
  /** What else it keeps. */
  buffers?(layer: L, inputs: readonly Shape[]): Readonly<Record<string, BufferShape>>;
  /** Zeros that it needs around the planes of its input, and of the gradient to its output. */
  halo?(layer: L): { readonly input: number; readonly output: number };
  /** Plans its calls. */
  place(layer: L, site: Site): Placed;
}
