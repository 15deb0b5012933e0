/** The contract between layers and the plain backend: what a layer computes, said in TypeScript. */
import type { Layer } from '../graph/layer.js';
import type { Mode } from '../graph/pass.js';
import type { Shape } from '../math/index.js';

/** Numbers of any precision: sums are made in float64, kept is float32. */
export type Numbers = ArrayLike<number>;

/** A batch of what flows between layers. */
export interface PlainTensor {
  /** Of one sample. */
  readonly shape: Shape;
  /** Samples × features, sample after sample; an image is (channels, height, width). */
  readonly value: Numbers;
}

/** What a layer reads. */
export interface PlainSite {
  readonly samples: number;
  readonly inputs: readonly PlainTensor[];
  /** Before the forward pass its values are not there yet. */
  readonly output: PlainTensor;
  /** Values by the short name that `parameters` gave them, in PyTorch's layout. */
  readonly parameters: Readonly<Record<string, Numbers>>;
  /** Running statistics likewise. */
  readonly buffers: Readonly<Record<string, Float32Array>>;
}

/**
 * A kind of layer as its own mathematics, y = f(x₁, x₂, …; θ): the specification that the kernels are tested
 * against. Written to be read; every function gives new arrays.
 */
export interface PlainLayer<L extends Layer> {
  /** y, samples × features. In training, running statistics move. */
  forward(layer: L, site: PlainSite, mode: Mode): Numbers;
  /** ∂L/∂x of every input, each samples × its features, from g = ∂L/∂y of a training pass. */
  inputGradients(layer: L, site: PlainSite, g: Numbers): Numbers[];
  /** ∂L/∂θ of every parameter by its short name, from g = ∂L/∂y of a training pass. */
  parameterGradients?(layer: L, site: PlainSite, g: Numbers): Readonly<Record<string, Numbers>>;
}
