/** One layer in an engine's memory, outside of a network: random inputs and gradients, a random support. */
import { type Engine, record } from '#core/engine/index.js';
import type { Layer } from '#core/graph/index.js';
import { describeParameter } from '#core/graph/parameter.js';
import { kindOf } from '#core/layers/index.js';
import { planParameter } from '#core/lowering/parameter.js';
import { layoutOf, planTensor } from '#core/lowering/planes.js';
import { type BreakEven, countCall, indexCalls, scaledBreakEven } from '#core/lowering/support.js';
import type { Placed, Site } from '#core/lowering/wasm.js';
import { type Shape, stream } from '#core/math/index.js';

export interface LayerBench {
  readonly placed: Placed;
  /** Non-zero weights. */
  readonly nonZeros: number;
}

/**
 * Places a layer for a batch.
 *
 * @param density share of the weights that are kept
 * @param group weights that are kept or dropped together: 9 for whole 3 × 3 kernels
 * @param lit share of the inputs that are not 0
 */
export function placeLayer(
  engine: Engine,
  layer: Layer,
  inputShape: Shape,
  samples: number,
  density: number,
  breakEven: BreakEven,
  group = 1,
  lit = 1,
): LayerBench {
  const { type, wasm } = kindOf(layer);
  const blocks = samples / 16;
  const halo = wasm.halo?.(layer) ?? { input: 0, output: 0 };
  const tensor = (name: string, shape: Shape, width: number) => {
    const layout = layoutOf(shape, width);
    const plan = (what: string) => planTensor(what, layout, blocks);
    return { shape, layout, value: plan(name), gradient: plan(`${name} gradient`) };
  };
  const parameters = Object.entries(type.parameters?.(layer, [inputShape]) ?? {}).map(
    ([name, shape]) =>
      [
        name,
        planParameter(
          describeParameter({ name: 'layer', kind: layer.kind }, name, shape),
          scaledBreakEven(breakEven, wasm.breakEvenFactor?.(layer, [inputShape]) ?? 1),
        ),
      ] as const,
  );
  const workspace = { name: 'workspace', bytes: 0 };
  const site: Site = {
    batch: record('Batch', { samples, blocks, sampledBlock: 0 }),
    blocks,
    inputs: [tensor('input', inputShape, halo.input)],
    accumulates: [false],
    output: tensor('output', type.outputShape(layer, [inputShape]), halo.output),
    parameters: Object.fromEntries(parameters),
    buffers: {},
    workspace(bytes) {
      workspace.bytes = Math.max(workspace.bytes, bytes);
      return workspace;
    },
  };
  const placed = wasm.place(layer, site);
  engine.reserveScratch(placed.scratchBytes ?? 0);
  const random = stream(1, 'bench', density);
  const { weight } = site.parameters;
  const values = engine.floats(weight.value);
  let nonZeros = 0;
  for (let i = 0; i < values.length; i += group) {
    if (!random.bernoulli(density)) continue;
    for (let j = i; j < i + group; j++) values[j] = random.uniform() - 0.5;
    nonZeros += group;
  }
  const inputs = engine.floats(site.inputs[0].value);
  for (let i = 0; i < inputs.length; i++) {
    inputs[i] = random.bernoulli(lit) ? random.uniform() - 0.5 : 0;
  }
  const gradients = engine.floats(site.output.gradient!);
  for (let i = 0; i < gradients.length; i++) gradients[i] = random.uniform() - 0.5;
  const support = weight.support!;
  engine.run(
    engine.load([
      countCall(support, weight.value),
      ...indexCalls(support, weight.value),
      ...(placed.index ?? []),
    ]),
    blocks,
  );
  return { placed, nonZeros };
}
