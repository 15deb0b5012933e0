import type { Call, PlannedBuffer } from '../engine/index.js';
import type { Shape } from '../math/index.js';
import type { Parameter } from './parameter.js';

/** A layer as plain data; `kind` names its operation in `src/nn/layers/index.ts`. */
export interface Layer {
  readonly kind: string;
}

/** Values that flow between layers, blocked over the batch as [block][feature][16]. */
export interface Tensor {
  /** Of one sample. */
  readonly shape: Shape;
  readonly value: PlannedBuffer;
  /** ∂L/∂value; missing where nobody needs it: for the network's input. */
  readonly gradient?: PlannedBuffer;
}

/** What a parameter of a layer looks like. */
export interface ParameterShape {
  readonly shape: Shape;
  /** Weights may be sparse and regularized, biases are neither. */
  readonly role: 'weight' | 'bias';
  /** Inputs that one output sums over. */
  readonly fanIn: number;
}

/** Where an operation's kernel calls read and write. */
export interface Site {
  readonly batch: PlannedBuffer;
  readonly input: Tensor;
  readonly output: Tensor;
  /** By the short name that `parameters` gave them. */
  readonly parameters: Readonly<Record<string, Parameter>>;
}

/** Whether a gradient is taken for every weight or for the non-zero ones only. */
export type GradientScope = 'all' | 'support';

/** A kind of layer: its shapes, its forward and its backward program. */
export interface Operation<L extends Layer> {
  /** Whether the output may overwrite the input: true where backward reads the output alone. */
  readonly inPlace: boolean;
  /**
   * The shape of one sample's output.
   *
   * @throws Error where the layer cannot take such an input; the caller names the layer
   */
  outputShape(layer: L, input: Shape): Shape;
  /** Its parameters by short name, in PyTorch's names and layouts. */
  parameters(layer: L, input: Shape): Readonly<Record<string, ParameterShape>>;
  forward(layer: L, site: Site): Call[];
  /** Gradients of the parameters, then of the input where it has a buffer for one. */
  backward(layer: L, site: Site, scope: GradientScope): Call[];
}
