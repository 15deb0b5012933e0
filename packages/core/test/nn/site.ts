/** One layer on an engine, outside of a network, to look at each of its kernels alone. */
import assert from 'node:assert/strict';
import {
  type Call,
  type Engine,
  type PlannedBuffer,
  type PlannedRecord,
  record,
  words,
} from '#lib/engine/index.js';
import type { Layer } from '#lib/graph/index.js';
import { describeParameter } from '#lib/graph/parameter.js';
import { kindOf } from '#lib/layers/index.js';
import { planParameter } from '#lib/lowering/parameter.js';
import { layoutOf, planTensor, type Tensor } from '#lib/lowering/planes.js';
import { type BreakEven, countCall, indexCalls, scaledBreakEven } from '#lib/lowering/support.js';
import type { Placed, Site } from '#lib/lowering/wasm.js';
import { type Shape, stream } from '#lib/math/index.js';
import { assertClose, blocked } from './plain.js';

/** Break-evens under which a layer always goes by whole rows, or by single entries. */
export const always = {
  rows: { forward: 0, inputGradient: 0, weightGradient: 0 },
  entries: { forward: 2, inputGradient: 2, weightGradient: 2 },
} satisfies Record<string, BreakEven>;

/** Blocks of sixteen that hold so many samples. */
export const blocksOf = (samples: number) => Math.ceil(samples / 16);

export function planBatch(samples: number, sampledBlock = 0): PlannedRecord<'Batch'> {
  return record('Batch', { samples, blocks: blocksOf(samples), sampledBlock });
}

/** A tensor of so many samples with memory for values and gradient. */
export function planTensors(shape: Shape, samples: number, halo = 0): Required<Tensor> {
  const layout = layoutOf(shape, halo);
  const plan = (name: string) => planTensor(name, layout, blocksOf(samples));
  return { shape, layout, value: plan('value'), gradient: plan('gradient') };
}

export interface SiteOptions {
  readonly breakEven?: BreakEven;
  /** Zeros around the planes of each input, and of the output, beyond those that the layer needs. */
  readonly halos?: readonly number[];
  /** Whether the gradients of the inputs are added to what is there. */
  readonly accumulates?: readonly boolean[];
  /** Whether the output takes the input's memory. */
  readonly inPlace?: boolean;
  readonly sampledBlock?: number;
}

/** A layer's calls with memory for a batch and its gradients. */
export class PlacedSite {
  readonly inputs: readonly Required<Tensor>[];
  readonly output: Required<Tensor>;
  readonly parameters: Site['parameters'];
  readonly buffers: Site['buffers'];
  readonly placed: Placed;
  readonly #engine: Engine;
  readonly #samples: number;

  constructor(
    engine: Engine,
    layer: Layer,
    inputShapes: readonly Shape[],
    samples: number,
    options: SiteOptions = {},
  ) {
    const { breakEven = always.rows, halos = [], inPlace = false, sampledBlock = 0 } = options;
    const { accumulates = inputShapes.map(() => false) } = options;
    const { type, wasm } = kindOf(layer);
    const needs = wasm.halo?.(layer) ?? { input: 0, output: 0 };
    this.inputs = inputShapes.map((shape, i) =>
      planTensors(shape, samples, needs.input + (halos[i] ?? 0)),
    );
    const shape = type.outputShape(layer, inputShapes);
    const output = planTensors(shape, samples, needs.output + (halos[inputShapes.length] ?? 0));
    const { value, gradient } = inPlace ? this.inputs[0] : output;
    this.output = { ...output, value, gradient };
    this.parameters = Object.fromEntries(
      Object.entries(type.parameters?.(layer, inputShapes) ?? {}).map(([name, parameter]) => [
        name,
        planParameter(
          describeParameter({ name: 'layer', kind: layer.kind }, name, parameter),
          scaledBreakEven(breakEven, wasm.breakEvenFactor?.(layer, inputShapes) ?? 1),
        ),
      ]),
    );
    this.buffers = Object.fromEntries(
      Object.entries(type.buffers?.(layer, inputShapes) ?? {}).map(([name, buffer]) => [
        name,
        { ...buffer, name, value: words(name, buffer.shape[0]) },
      ]),
    );
    const workspace = { name: 'workspace', bytes: 0 };
    this.placed = wasm.place(layer, {
      batch: planBatch(samples, sampledBlock),
      blocks: blocksOf(samples),
      inputs: this.inputs,
      accumulates,
      output: this.output,
      parameters: this.parameters,
      buffers: this.buffers,
      workspace(bytes) {
        workspace.bytes = Math.max(workspace.bytes, bytes);
        return workspace;
      },
    });
    engine.reserveScratch(this.placed.scratchBytes ?? 0);
    this.#engine = engine;
    this.#samples = samples;
    // Nothing may be left of what lay there.
    for (const tensor of [...this.inputs, this.output]) {
      this.fill(tensor, 'value', Array(samples * sizeOfInner(tensor)).fill(7), 7);
      this.fill(tensor, 'gradient', Array(samples * sizeOfInner(tensor)).fill(7), 7);
    }
  }

  read(buffer: PlannedBuffer): Float32Array {
    return this.#engine.floats(buffer).slice();
  }

  write(buffer: PlannedBuffer, values: ArrayLike<number>): void {
    this.#engine.floats(buffer).set(values);
  }

  /** Sets a tensor sample by sample, with `padding` in the lanes past their end. */
  fill(tensor: Required<Tensor>, of: 'value' | 'gradient', values: ArrayLike<number>, padding = 0) {
    this.write(tensor[of], blocked(values, this.#samples, padding, tensor.layout));
  }

  run(calls: readonly Call[]): void {
    run(this.#engine, calls, this.#samples);
  }

  /** Finds the non-zeros of the weight. */
  reindex(): void {
    const { support, value } = this.parameters.weight;
    this.run([
      countCall(support!, value),
      ...indexCalls(support!, value),
      ...(this.placed.index ?? []),
    ]);
  }

  /**
   * The samples of a tensor are as expected, and its halo holds zeros.
   *
   * @param padding what the lanes past the samples hold; NaN: whatever it is
   */
  assert(
    tensor: Required<Tensor>,
    of: 'value' | 'gradient',
    expected: ArrayLike<number>,
    { padding = of === 'value' ? NaN : 0, tolerance = 1e-5 } = {},
  ): void {
    const all = blocked(expected, this.#samples, padding, tensor.layout);
    const matters = (_: number, i: number) => !Number.isNaN(all[i]);
    const actual = this.read(tensor[of]);
    assertClose(actual.filter(matters), all.filter(matters), tolerance);
    const halo = blocked(Array(expected.length).fill(1), this.#samples, 1, tensor.layout);
    const isKept = actual.every((x, i) => halo[i] === 1 || x === 0);
    assert.ok(isKept, 'zeros around the planes');
  }
}

function sizeOfInner({ shape }: Tensor): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/** Runs calls on a batch of so many samples. */
export function run(engine: Engine, calls: readonly Call[], samples = 1): void {
  engine.run(engine.load(calls), blocksOf(samples));
}

/** Normal random numbers, each kept with a probability. */
export function normals(count: number, seed: number, density = 1): Float32Array {
  const random = stream(seed, count);
  return Float32Array.from({ length: count }, () =>
    random.bernoulli(density) ? random.normal() : 0,
  );
}
