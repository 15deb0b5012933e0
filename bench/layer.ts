/** One layer in an engine's memory, outside of a network: random inputs and gradients, a random support. */
import { type Engine, record } from '#core/engine/index.js';
import { type Shape, stream } from '#core/math/index.js';
import {
  type BreakEven,
  type Layer,
  layoutOf,
  type Placed,
  planTensor,
  type Site,
} from '#core/nn/index.js';
import { operationOf } from '#core/nn/layers/index.js';
import { planParameter } from '#core/nn/parameter.js';
import { countCall, indexCalls } from '#core/nn/support.js';

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
  const operation = operationOf(layer);
  const blocks = samples / 16;
  const halo = operation.halo?.(layer) ?? { input: 0, output: 0 };
  const tensor = (name: string, shape: Shape, width: number) => {
    const layout = layoutOf(shape, width);
    const plan = (what: string) => planTensor(what, layout, blocks);
    return { shape, layout, value: plan(name), gradient: plan(`${name} gradient`) };
  };
  const parameters = Object.entries(operation.parameters?.(layer, [inputShape]) ?? {}).map(
    ([name, shape]) =>
      [name, planParameter({ name: 'layer', kind: layer.kind }, name, shape, breakEven)] as const,
  );
  const workspace = { name: 'workspace', bytes: 0 };
  const site: Site = {
    batch: record('batch', [samples, blocks, 0]),
    blocks,
    inputs: [tensor('input', inputShape, halo.input)],
    accumulates: [false],
    output: tensor('output', operation.outputShape(layer, [inputShape]), halo.output),
    parameters: Object.fromEntries(parameters),
    buffers: {},
    workspace(bytes) {
      workspace.bytes = Math.max(workspace.bytes, bytes);
      return workspace;
    },
  };
  const placed = operation.place(layer, site);
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
