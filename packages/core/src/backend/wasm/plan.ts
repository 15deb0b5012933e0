/** Where the tensors of a network lie, and which of its gradients share memory. */

import {
  type Call,
  callPerBlock,
  type PlannedBuffer,
  type PlannedRecord,
  words,
} from '../../engine/index.js';
import { UserError } from '../../files/errors.js';
import { INPUT, type NetworkDescription, type ResolvedLayer } from '../../graph/description.js';
import { type Lifetimes, planLifetimes } from '../../graph/lifetimes.js';
import { describeParameter } from '../../graph/parameter.js';
import { blocksOf } from '../../graph/pass.js';
import { mapRecord } from '../../graph/records.js';
import { kindOf, resolve } from '../../layers/index.js';
import { type PlacedParameter, planParameter } from '../../lowering/parameter.js';
import { type Layout, layoutOf, planTensor, type Tensor } from '../../lowering/planes.js';
import { type BreakEven, scaledBreakEven } from '../../lowering/support.js';
import type { Placed, PlacedBuffer, Site } from '../../lowering/wasm.js';
import type { Shape } from '../../math/index.js';

/** A layer at its place in memory. */
interface PlacedLayer {
  readonly name: string;
  readonly parameters: readonly PlacedParameter[];
  readonly buffers: readonly PlacedBuffer[];
  readonly placed: Placed;
  /** What has to run before its backward calls: gradients' memory that held something else. */
  readonly prepare: readonly Call[];
}

/** A network in memory. */
export interface NetworkPlan {
  readonly input: Tensor;
  readonly output: Tensor;
  readonly layers: readonly PlacedLayer[];
}

/** What all layers share. */
interface Common {
  readonly batch: PlannedRecord<'Batch'>;
  readonly blocks: number;
  readonly breakEven: BreakEven;
  readonly workspace: Workspace;
}

/**
 * Plans a network for so many samples at once.
 *
 * @throws {UserError} layers do not fit one another: names the layer
 */
export function planNetwork(
  description: NetworkDescription,
  samples: number,
  batch: PlannedRecord<'Batch'>,
  breakEven: BreakEven,
): NetworkPlan {
  const layers = resolve(description);
  const common = {
    batch,
    blocks: blocksOf(samples),
    breakEven,
    workspace: new Workspace(),
  };
  const tensors = planTensors(description, layers, common.blocks);
  const plan = {
    input: tensors.of(INPUT),
    output: tensors.of(layers.at(-1)!.name),
    layers: layers.map((layer) => placeLayer(layer, tensors, common)),
  };
  common.workspace.freeze();
  return plan;
}

/** What the most demanding layer's kernels want for themselves in every thread. */
export function scratchBytes(layers: readonly PlacedLayer[]): number {
  return Math.max(...layers.map(({ placed }) => placed.scratchBytes ?? 0));
}

function placeLayer(
  { name, layer, inputs, ...resolved }: ResolvedLayer,
  tensors: TensorPlan,
  { batch, blocks, breakEven, workspace }: Common,
): PlacedLayer {
  const { wasm } = kindOf(layer);
  const inputTensors = inputs.map(tensors.of);
  const shapes = inputTensors.map(({ shape }) => shape);
  const scaled = scaledBreakEven(breakEven, wasm.breakEvenFactor?.(layer, shapes) ?? 1);
  const parameters = mapRecord(resolved.parameters, (short, shape) =>
    planParameter(describeParameter({ name, kind: layer.kind }, short, shape), scaled),
  );
  const buffers = mapRecord(resolved.buffers, (short, shape) => ({
    ...shape,
    name: `${name}.${short}`,
    value: words(`${name}.${short}`, shape.shape[0]),
  }));
  const { accumulates, prepare } = tensors.backward.get(name)!;
  const site: Site = {
    batch,
    blocks,
    inputs: inputTensors,
    accumulates,
    output: tensors.of(name),
    parameters,
    buffers,
    workspace: (bytes) => workspace.share(bytes),
  };
  return {
    name,
    parameters: Object.values(parameters),
    buffers: Object.values(buffers),
    placed: named(name, layer.kind, () => wasm.place(layer, site)),
    prepare,
  };
}

function named<T>(name: string, kind: string, place: () => T): T {
  try {
    return place();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(`layer '${name}' (${kind}): ${error.message}`);
  }
}

/**
 * One buffer for all layers, as large as the largest request. Requests come while layers are placed: once
 * it is frozen it may have its place in memory, and what grew there would lie over something else.
 */
class Workspace {
  readonly #buffer = { name: 'workspace', bytes: 0 };
  #isFrozen = false;

  share(bytes: number): PlannedBuffer {
    if (this.#isFrozen) throw new Error('the workspace is asked for after the network was planned');
    this.#buffer.bytes = Math.max(this.#buffer.bytes, bytes);
    return this.#buffer;
  }

  freeze(): void {
    this.#isFrozen = true;
  }
}

/** The tensors of a network in memory. */
interface TensorPlan {
  readonly of: (name: string) => Tensor;
  /** By layer, what its backward calls need to know and to have done. */
  readonly backward: ReadonlyMap<string, { accumulates: readonly boolean[]; prepare: Call[] }>;
}

function planTensors(
  { input }: NetworkDescription,
  layers: readonly ResolvedLayer[],
  blocks: number,
): TensorPlan {
  const halos = planHalos(layers);
  const shapes = new Map<string, Shape>([[INPUT, input]]);
  for (const { name, outputShape } of layers) shapes.set(name, outputShape);
  const layouts = new Map(
    [...shapes].map(([name, shape]) => [name, layoutOf(shape, halos.get(name))]),
  );
  const lifetimes = planLifetimes(layers, (name) => !halos.get(name));
  const values = new Map(
    [...new Set(lifetimes.homes.values())].map((home) => [
      home,
      planTensor(home, layouts.get(home)!, blocks),
    ]),
  );
  const { gradients, backward } = planGradients(lifetimes, layouts, blocks);
  const of = (name: string): Tensor => {
    const home = lifetimes.homes.get(name)!;
    const gradient = gradients.get(home);
    return {
      shape: shapes.get(name)!,
      layout: layouts.get(name)!,
      value: values.get(home)!,
      ...(gradient && { gradient }),
    };
  };
  return { of, backward };
}

/** Gives every gradient memory for as long as it lives; by the home of its tensor. */
function planGradients(
  { homes, backward }: Lifetimes,
  layouts: ReadonlyMap<string, Layout>,
  blocks: number,
): { gradients: Map<string, PlannedBuffer>; backward: TensorPlan['backward'] } {
  const pool = new GradientPool();
  const gradients = new Map<string, PlannedBuffer>();
  const begin = (name: string): Call[] => {
    const layout = layouts.get(name)!;
    const gradient = pool.take(planTensor('', layout, blocks).bytes);
    gradients.set(homes.get(name)!, gradient);
    if (layout.halo === 0) return [];
    return [callPerBlock('clearHalo', { layout: layout.record, tensor: gradient })];
  };
  const steps = backward.map(({ layer, accumulates, begins, ends }) => {
    const prepare = begins.flatMap(begin);
    if (ends !== undefined) pool.give(gradients.get(homes.get(ends)!)!);
    return [layer.name, { accumulates, prepare }] as const;
  });
  return { gradients, backward: new Map(steps) };
}

/** The widest halo that anybody needs; tensors that are laid out alike get the same. */
function planHalos(layers: readonly ResolvedLayer[]): Map<string, number> {
  const halos = new Map<string, number>();
  const widen = (name: string, halo: number) =>
    halos.set(name, Math.max(halos.get(name) ?? 0, halo));
  for (const { name, layer, inputs } of layers) {
    const needs = kindOf(layer).wasm.halo?.(layer) ?? { input: 0, output: 0 };
    // Zeros around a gradient are read for the gradients to the inputs only.
    if (inputs.some((input) => input !== INPUT)) widen(name, needs.output);
    for (const input of inputs) widen(input, needs.input);
  }
  // What a layer in place hands on in one direction may have to travel on through its neighbours.
  const alike = layers.filter(({ type }) => type.inPlace === 'always');
  for (let round = 0; round < alike.length; round++) {
    for (const { name, inputs } of alike) {
      const halo = Math.max(halos.get(name) ?? 0, halos.get(inputs[0]) ?? 0);
      widen(name, halo);
      widen(inputs[0], halo);
    }
  }
  return halos;
}

/** Memory that gradients take and give back. */
class GradientPool {
  #free: { name: string; bytes: number }[] = [];
  #count = 0;

  /** The smallest free buffer that is large enough, else the largest one, which grows. */
  take(bytes: number): PlannedBuffer {
    const bySize = this.#free.sort((a, b) => a.bytes - b.bytes);
    const best = bySize.find((buffer) => buffer.bytes >= bytes) ?? bySize.at(-1);
    if (!best) return { name: `gradient ${this.#count++}`, bytes };
    this.#free = this.#free.filter((buffer) => buffer !== best);
    best.bytes = Math.max(best.bytes, bytes);
    return best;
  }

  give(buffer: PlannedBuffer): void {
    this.#free.push(buffer);
  }
}
