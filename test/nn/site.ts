/** One layer on an engine, outside of a network, to look at each of its kernels alone. */
import { type Call, type Engine, type PlannedBuffer, record, words } from '#lib/engine/index.js';
import { type Shape, sizeOf, stream } from '#lib/math/index.js';
import type { BreakEven, Layer, Operation, Site } from '#lib/nn/index.js';
import { planParameter } from '#lib/nn/parameter.js';
import { countCall, indexCalls } from '#lib/nn/support.js';

/** Break-evens under which a layer always goes by whole rows, or by single entries. */
export const always = {
  rows: { forward: 0, inputGradient: 0, weightGradient: 0 },
  entries: { forward: 2, inputGradient: 2, weightGradient: 2 },
} satisfies Record<string, BreakEven>;

/** Blocks of sixteen that hold so many samples. */
export const blocksOf = (samples: number) => Math.ceil(samples / 16);

export function planBatch(samples: number): PlannedBuffer {
  return record('batch', [samples, blocksOf(samples)]);
}

/** A layer with memory for a batch and its gradients. */
export function planSite<L extends Layer>(
  operation: Operation<L>,
  layer: L,
  inputShape: Shape,
  samples: number,
  breakEven: BreakEven = always.rows,
): Site {
  const tensor = (shape: Shape) => {
    const count = blocksOf(samples) * 16 * sizeOf(shape);
    return { shape, value: words('value', count), gradient: words('gradient', count) };
  };
  const parameters = Object.entries(operation.parameters(layer, inputShape)).map(
    ([name, shape]) => [name, planParameter({ name: 'layer', kind: 'linear' }, name, shape, breakEven)] as const,
  );
  return {
    batch: planBatch(samples),
    input: tensor(inputShape),
    output: tensor(operation.outputShape(layer, inputShape)),
    parameters: Object.fromEntries(parameters),
  };
}

/** Runs calls on a batch of so many samples. */
export function run(engine: Engine, calls: readonly Call[], samples = 1): void {
  engine.run(engine.load(calls), blocksOf(samples));
}

/** Finds the non-zeros of a site's weight. */
export function reindex(engine: Engine, { parameters: { weight } }: Site): void {
  run(engine, [
    countCall(weight.support!, weight.value),
    ...indexCalls(weight.support!, weight.value),
  ]);
}

/** Normal random numbers, each kept with a probability. */
export function normals(count: number, seed: number, density = 1): Float32Array {
  const random = stream(seed, count);
  return Float32Array.from({ length: count }, () =>
    random.bernoulli(density) ? random.normal() : 0,
  );
}
