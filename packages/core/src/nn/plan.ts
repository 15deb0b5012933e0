/** Where the tensors of a network lie, and which of its gradients share memory. */

import { type Call, callPerBlock, LANES, type PlannedBuffer, words } from '../engine/index.js';
import { UserError } from '../files/errors.js';
import { INPUT, type NetworkDescription, type ResolvedLayer, resolve } from './description.js';
import type { NetworkBuffer, Placed, Site } from './operation.js';
import { type Parameter, planParameter } from './parameter.js';
import { layoutOf, planTensor, type Tensor } from './planes.js';
import type { BreakEven } from './support.js';

/** A layer at its place in memory. */
export interface PlacedLayer {
  readonly name: string;
  readonly parameters: readonly Parameter[];
  readonly buffers: readonly NetworkBuffer[];
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

/** A tensor while it is being planned; those that share memory share the `memory` object. */
interface Draft {
  readonly layer: ResolvedLayer | undefined;
  readonly tensor: Tensor;
  readonly memory: Memory;
}

interface Memory {
  readonly value: PlannedBuffer;
  gradient?: PlannedBuffer;
  /** Whether a backward pass reads the values of a layer's output here. */
  isRead: boolean;
}

/**
 * Plans a network for so many samples at once.
 *
 * @throws Error where layers do not fit one another
 */
export function planNetwork(
  description: NetworkDescription,
  samples: number,
  batch: PlannedBuffer,
  breakEven: BreakEven,
): NetworkPlan {
  const blocks = Math.ceil(samples / LANES);
  const layers = resolve(description);
  const drafts = draftTensors(description, layers, blocks);
  const { accumulates, prepare } = planGradients(layers, drafts, blocks);
  const tensorOf = (name: string): Tensor => {
    const { tensor, memory } = drafts.get(name)!;
    return { ...tensor, ...(memory.gradient && { gradient: memory.gradient }) };
  };
  const workspace = new Workspace();
  const plan = {
    input: tensorOf(INPUT),
    output: tensorOf(layers.at(-1)!.name),
    layers: layers.map((layer) => {
      const parameters = entries(layer.parameters, (name, shape) =>
        planParameter({ name: layer.name, kind: layer.layer.kind }, name, shape, breakEven),
      );
      const buffers = entries(layer.buffers, (name, shape) => ({
        ...shape,
        name: `${layer.name}.${name}`,
        value: words(`${layer.name}.${name}`, shape.shape[0]),
      }));
      const site: Site = {
        ...{ batch, blocks },
        workspace: (bytes) => workspace.share(bytes),
        inputs: layer.inputs.map(tensorOf),
        accumulates: accumulates.get(layer)!,
        output: tensorOf(layer.name),
        ...{ parameters, buffers },
      };
      return {
        name: layer.name,
        parameters: Object.values(parameters),
        buffers: Object.values(buffers),
        placed: place(layer, site),
        prepare: prepare.get(layer) ?? [],
      };
    }),
  };
  workspace.freeze();
  return plan;
}

/** What the most demanding layer's kernels want for themselves in every thread. */
export function scratchBytes(layers: readonly PlacedLayer[]): number {
  return Math.max(...layers.map(({ placed }) => placed.scratchBytes ?? 0));
}

function place({ name, layer, operation }: ResolvedLayer, site: Site): Placed {
  try {
    return operation.place(layer, site);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(`layer '${name}' (${layer.kind}): ${error.message}`);
  }
}

function entries<From, To>(
  record: Readonly<Record<string, From>>,
  to: (name: string, from: From) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([name, from]) => [name, to(name, from)]));
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

function draftTensors(
  { input }: NetworkDescription,
  layers: readonly ResolvedLayer[],
  blocks: number,
): Map<string, Draft> {
  const halos = planHalos(layers);
  const readers = countReaders(layers);
  const drafts = new Map<string, Draft>();
  const draft = (name: string, shape: Tensor['shape'], layer?: ResolvedLayer, shared?: Memory) => {
    const layout = layoutOf(shape, halos.get(name));
    const memory = shared ?? { value: planTensor(name, layout, blocks), isRead: false };
    memory.isRead ||= layer?.operation.readsOutput?.(layer.layer) ?? false;
    drafts.set(name, { layer, memory, tensor: { shape, layout, value: memory.value } });
  };
  draft(INPUT, input);
  for (const layer of layers) {
    const [source] = layer.inputs;
    const { inPlace } = layer.operation;
    const isOnlyReader = source !== INPUT && readers.get(source) === 1;
    const fits = inPlace === 'always' || (inPlace && !halos.get(source));
    const { memory } = drafts.get(source)!;
    const mayWrite = !memory.isRead || layer.operation.keepsValues?.(layer.layer);
    const shared = isOnlyReader && fits && mayWrite ? memory : undefined;
    draft(layer.name, layer.outputShape, layer, shared);
  }
  return drafts;
}

function countReaders(layers: readonly ResolvedLayer[]): Map<string, number> {
  const readers = new Map<string, number>();
  for (const name of layers.flatMap(({ inputs }) => inputs)) {
    readers.set(name, (readers.get(name) ?? 0) + 1);
  }
  return readers;
}

/** The widest halo that anybody needs; tensors that are laid out alike get the same. */
function planHalos(layers: readonly ResolvedLayer[]): Map<string, number> {
  const halos = new Map<string, number>();
  const widen = (name: string, halo: number) =>
    halos.set(name, Math.max(halos.get(name) ?? 0, halo));
  for (const { name, layer, inputs, operation } of layers) {
    const needs = operation.halo?.(layer) ?? { input: 0, output: 0 };
    // Zeros around a gradient are read for the gradients to the inputs only.
    if (inputs.some((input) => input !== INPUT)) widen(name, needs.output);
    for (const input of inputs) widen(input, needs.input);
  }
  // What a layer in place hands on in one direction may have to travel on through its neighbours.
  const alike = layers.filter(({ operation }) => operation.inPlace === 'always');
  for (let round = 0; round < alike.length; round++) {
    for (const { name, inputs } of alike) {
      const halo = Math.max(halos.get(name) ?? 0, halos.get(inputs[0]) ?? 0);
      widen(name, halo);
      widen(inputs[0], halo);
    }
  }
  return halos;
}

interface GradientPlan {
  readonly accumulates: ReadonlyMap<ResolvedLayer, readonly boolean[]>;
  readonly prepare: ReadonlyMap<ResolvedLayer, readonly Call[]>;
}

/**
 * Walks through the backward pass: a tensor's gradient gets memory when its first reader writes it,
 * and gives it back when its own layer has read it.
 */
function planGradients(
  layers: readonly ResolvedLayer[],
  drafts: ReadonlyMap<string, Draft>,
  blocks: number,
): GradientPlan {
  const pool = new GradientPool();
  const accumulates = new Map<ResolvedLayer, boolean[]>();
  const prepare = new Map<ResolvedLayer, Call[]>();
  /** Tensors whose gradient holds something. */
  const written = new Set<string>([layers.at(-1)!.name]);
  const assign = ({ tensor, memory }: Draft): Call[] => {
    if (memory.gradient) return [];
    memory.gradient = pool.take(planTensor('', tensor.layout, blocks).bytes);
    const { layout } = tensor;
    if (layout.halo === 0) return [];
    return [callPerBlock('clearHalo', { layout: layout.record, tensor: memory.gradient })];
  };
  const first = assign(drafts.get(layers.at(-1)!.name)!);
  for (const layer of layers.toReversed()) {
    const calls = layer === layers.at(-1) ? [...first] : [];
    const flags = layer.inputs.map((name) => {
      const isSecond = written.has(name);
      written.add(name);
      if (name !== INPUT) calls.push(...assign(drafts.get(name)!));
      return isSecond;
    });
    accumulates.set(layer, flags);
    prepare.set(layer, calls);
    const { memory } = drafts.get(layer.name)!;
    const isShared = layer.inputs.some((name) => drafts.get(name)!.memory === memory);
    if (!isShared) pool.give(memory.gradient!);
  }
  return { accumulates, prepare };
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
