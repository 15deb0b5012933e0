import type { Shape } from '../math/index.js';

/** A layer as plain data; `kind` names its type in `layers/index.ts`. */
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
}

/** A tensor that a layer keeps but does not train: running statistics. */
export interface BufferShape {
  readonly shape: Shape;
  /** Value of all its entries at the start. */
  readonly initial: number;
}

/** What a kind of layer is, whatever runs it. */
export interface LayerType<L extends Layer> {
  /** How many inputs it takes: a number, or at least two. */
  readonly inputs: 1 | 2 | '1 or 2' | 'several';
  /**
   * Whether the output may take the input's memory, for backward reads the output alone.
   * `always`: both are laid out alike, whether in place or not; `tight`: where nothing lies between the
   * input's numbers.
   */
  readonly inPlace?: 'always' | 'tight';
  /** Whether backward reads the output's values: then a layer in place must leave them alone. */
  readsOutput?(layer: L): boolean;
  /** Whether, in place, it leaves all values alone but those that it passes no gradient to. */
  keepsValues?(layer: L): boolean;
  /**
   * The shape of one sample's output.
   *
   * @throws {UserError} the layer cannot take such inputs; the caller names the layer
   */
  outputShape(layer: L, inputs: readonly Shape[]): Shape;
  /** Its parameters by short name, in PyTorch's names and layouts. */
  parameters?(layer: L, inputs: readonly Shape[]): Readonly<Record<string, ParameterShape>>;
  /** What else it keeps. */
  buffers?(layer: L, inputs: readonly Shape[]): Readonly<Record<string, BufferShape>>;
}

/** Looks up the type of a layer by its kind. */
export type LayerTypes = (layer: Layer) => LayerType<Layer>;
