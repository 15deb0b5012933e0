/** Which tensors of a network share memory, and how long a gradient lives. */
import { INPUT, type ResolvedLayer } from './description.js';

/** What happens to gradients around a layer's backward pass. */
export interface BackwardStep {
  readonly layer: ResolvedLayer;
  /** For each input whether its gradient holds something to add to: another reader of it came first. */
  readonly accumulates: readonly boolean[];
  /** Tensors whose gradient needs memory from here on. */
  readonly begins: readonly string[];
  /** The tensor whose gradient nobody reads any more after this. */
  readonly ends?: string;
}

/** The lifetimes of a network's tensors. */
export interface Lifetimes {
  /** For each tensor (by the name of its layer, or `input`) the first one whose memory it takes; itself, or not. */
  readonly homes: ReadonlyMap<string, string>;
  /** From the last layer to the first. */
  readonly backward: readonly BackwardStep[];
}

/**
 * Decides which layers work in place, and walks through the backward pass: a tensor's gradient begins when
 * its first reader writes it, and ends when its own layer has read it.
 *
 * @param isTight whether nothing lies between the numbers of a tensor in memory
 */
export function planLifetimes(
  layers: readonly ResolvedLayer[],
  isTight: (name: string) => boolean,
): Lifetimes {
  const homes = planHomes(layers, isTight);
  return { homes, backward: planBackward(layers, homes) };
}

function planHomes(
  layers: readonly ResolvedLayer[],
  isTight: (name: string) => boolean,
): Map<string, string> {
  const readers = countReaders(layers);
  const homes = new Map([[INPUT, INPUT]]);
  /** Homes whose values a backward pass reads. */
  const isRead = new Set<string>();
  for (const { name, layer, inputs, type } of layers) {
    const [source] = inputs;
    const isOnlyReader = source !== INPUT && readers.get(source) === 1;
    const fits = type.inPlace === 'always' || (type.inPlace === 'tight' && isTight(source));
    const mayWrite = !isRead.has(homes.get(source)!) || type.keepsValues?.(layer);
    const home = isOnlyReader && fits && mayWrite ? homes.get(source)! : name;
    homes.set(name, home);
    if (type.readsOutput?.(layer)) isRead.add(home);
  }
  return homes;
}

function countReaders(layers: readonly ResolvedLayer[]): Map<string, number> {
  const readers = new Map<string, number>();
  for (const name of layers.flatMap(({ inputs }) => inputs)) {
    readers.set(name, (readers.get(name) ?? 0) + 1);
  }
  return readers;
}

function planBackward(
  layers: readonly ResolvedLayer[],
  homes: ReadonlyMap<string, string>,
): BackwardStep[] {
  const last = layers.at(-1)!.name;
  /** Tensors whose gradient holds something, and homes whose gradient has begun. */
  const written = new Set([last]);
  const begun = new Set([homes.get(last)!]);
  return layers.toReversed().map((layer) => {
    const begins = layer.name === last ? [last] : [];
    const accumulates = layer.inputs.map((name) => {
      const isSecond = written.has(name);
      written.add(name);
      const home = homes.get(name)!;
      if (name !== INPUT && !begun.has(home)) {
        begun.add(home);
        begins.push(name);
      }
      return isSecond;
    });
    const home = homes.get(layer.name)!;
    const isShared = layer.inputs.some((name) => homes.get(name) === home);
    return { layer, accumulates, begins, ...(!isShared && { ends: layer.name }) };
  });
}
