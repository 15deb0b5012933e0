import { type PlannedBuffer, type PlannedRecord, record, sizes, words } from '../engine/index.js';
import { type Shape, sizeOf } from '../math/index.js';

/**
 * How a tensor lies in memory: [block][channel][row][column][16], with a halo of zeros around every
 * plane. In lines of 64 bytes. A tensor that is no image is one row of its features.
 */
export interface Layout {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** Zeros on every side of a plane. */
  readonly halo: number;
  /** From one row to the next. */
  readonly row: number;
  /** From one plane to the next. */
  readonly plane: number;
  /** From a plane's first line to its first inner one. */
  readonly start: number;
  /** From one block to the next. */
  readonly block: number;
  /** What kernels read of it. */
  readonly record: PlannedRecord<'Planes'>;
}

/** Values that flow between layers. */
export interface Tensor {
  /** Of one sample: (features) or (channels, height, width). */
  readonly shape: Shape;
  readonly layout: Layout;
  readonly value: PlannedBuffer;
  /** ∂L/∂value; missing where nobody needs it: for the network's input. */
  readonly gradient?: PlannedBuffer;
}

/** Lays out a tensor of this shape. */
export function layoutOf(shape: Shape, halo = 0): Layout {
  const [channels, height, width] = shape.length === 3 ? shape : [1, 1, sizeOf(shape)];
  const row = width + 2 * halo;
  const plane = (height + 2 * halo) * row;
  const start = halo * row + halo;
  const block = channels * plane;
  const fields = { channels, height, width, row, plane, start, block };
  return { ...fields, halo, record: record('Planes', fields, 'layout') };
}

/** Plans the memory of a tensor's values (or gradient) for so many blocks. */
export function planTensor(name: string, { block }: Layout, blocks: number): PlannedBuffer {
  return words(name, (blocks * block * sizes.layout.LINE) / 4);
}
