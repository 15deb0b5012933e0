/** The contract between layers and the WebAssembly backend. */
import type { Call, PlannedBuffer, PlannedRecord } from '../engine/index.js';
import type { Layer } from '../graph/layer.js';
import type { NetworkBuffer } from '../graph/parameter.js';
import type { GradientScope, Mode } from '../graph/pass.js';
import type { Shape } from '../math/index.js';
import type { PlacedParameter } from './parameter.js';
import type { Tensor } from './planes.js';

/** A tensor of running statistics in memory. */
export interface PlacedBuffer extends NetworkBuffer {
  readonly value: PlannedBuffer;
}

/** Where a layer's kernel calls read and write. */
export interface Site {
  readonly batch: PlannedRecord<'Batch'>;
  /** Blocks of sixteen samples that the memory is planned for. */
  readonly blocks: number;
  readonly inputs: readonly Tensor[];
  /** For each input whether its gradient holds something to add to: another reader of it came first. */
  readonly accumulates: readonly boolean[];
  readonly output: Tensor;
  /** By the short name that `parameters` gave them. */
  readonly parameters: Readonly<Record<string, PlacedParameter>>;
  readonly buffers: Readonly<Record<string, PlacedBuffer>>;
  /**
   * Memory that a layer has to itself within its forward, and within its backward calls, as large as the
   * largest request for it. To be asked for while the layer is placed, and not later.
   */
  readonly workspace: (bytes: number) => PlannedBuffer;
}

/** The kernel calls of a layer at one place in a network. */
export interface Placed {
  /** Memory that its kernels want for themselves, in every thread; none: what an engine always has. */
  readonly scratchBytes?: number;
  forward(mode: Mode): Call[];
  /** Gradients of the parameters, then of the inputs that have a buffer for one. */
  backward(scope: GradientScope): Call[];
  /** Rebuilds what the layer derives from its weights' index, after every optimizer step. */
  readonly index?: readonly Call[];
}

/** How a kind of layer runs in WebAssembly. */
export interface WasmLayer<L extends Layer> {
  /** Zeros that it needs around the planes of its input, and of the gradient to its output. */
  halo?(layer: L): { readonly input: number; readonly output: number };
  /** Multiplies the break-even densities of its weight, where whole rows go by a faster algorithm; 1 unless told. */
  breakEvenFactor?(layer: L, inputs: readonly Shape[]): number;
  /** Plans its calls. */
  place(layer: L, site: Site): Placed;
}
