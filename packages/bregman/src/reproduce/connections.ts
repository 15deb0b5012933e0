/** Which earlier layers each layer of a network reads, by what is left of its weights. */
import type { Tensor } from '@bregman/core/files';
import { INPUT, type NetworkDescription, type ResolvedLayer } from '@bregman/core/graph';
import { resolve } from '@bregman/core/layers';
import { sizeOf } from '@bregman/core/math';

/** How strongly layers read one another. */
export interface Connections {
  /** The layers that read, from the first to the last. */
  readonly readers: readonly string[];
  /** What they read, in the order in which it comes about. */
  readonly sources: readonly string[];
  /** A list a reader; NaN where it cannot read. */
  readonly strengths: readonly (readonly number[])[];
  /** What a strength is: a share of kernels, or |s| of a scaled skip connection. */
  readonly measure: 'kernels' | 'scales';
}

interface Connection {
  readonly reader: string;
  readonly source: string;
  readonly strength: number;
}

/** The connections of a network with scaled sums, or else of one with concatenated channels. */
export function connectionsOf(
  description: NetworkDescription,
  weights: ReadonlyMap<string, Tensor>,
): Connections {
  const layers = new Map(resolve(description).map((layer) => [layer.name, layer]));
  const scales = [...layers.values()].flatMap((layer) => scaleOf(layer, layers, weights));
  const found =
    scales.length > 0
      ? scales
      : [...layers.values()].flatMap((layer) =>
          kernelsOf(layer, channelsOf(layer.inputs[0], layers, description.input[0]), weights),
        );
  const readers = [...new Set(found.map(({ reader }) => reader))];
  const order = [INPUT, ...layers.keys()];
  const sources = [...new Set(found.map(({ source }) => source))].sort(
    (a, b) => order.indexOf(a) - order.indexOf(b),
  );
  const strengthOf = (reader: string, source: string) =>
    found.find((each) => each.reader === reader && each.source === source)?.strength ?? Number.NaN;
  return {
    readers,
    sources,
    strengths: readers.map((reader) => sources.map((source) => strengthOf(reader, source))),
    measure: scales.length > 0 ? 'scales' : 'kernels',
  };
}

type Layers = ReadonlyMap<string, ResolvedLayer>;

/** A learnable skip connection. Both ends are named by the layers with weights that their sums begin with. */
function scaleOf(
  { name, inputs, parameters }: ResolvedLayer,
  layers: Layers,
  weights: ReadonlyMap<string, Tensor>,
): Connection[] {
  if (layers.get(name)!.layer.kind !== 'add' || !parameters.weight) return [];
  const [left, right] = inputs;
  const strength = Math.abs(weights.get(`${name}.weight`)?.data[0] ?? Number.NaN);
  const [reader, source] = [left, right].map((each) => firstOfSum(each, layers));
  return [{ reader, source, strength }];
}

/** The layer with weights that a sum of scaled terms begins with. */
function firstOfSum(name: string, layers: Layers): string {
  const layer = layers.get(name);
  const isFirst = !layer || (layer.layer.kind !== 'add' && 'weight' in layer.parameters);
  return isFirst ? name : firstOfSum(layer.inputs[0], layers);
}

/** The sources of a convolution that reads more than the input, each with its share of kernels kept. */
function kernelsOf(
  { name, parameters }: ResolvedLayer,
  read: readonly Channels[],
  weights: ReadonlyMap<string, Tensor>,
): Connection[] {
  const tensor = weights.get(`${name}.weight`);
  if (!tensor || parameters.weight?.shape.length !== 4) return [];
  if (read.every(({ source }) => source === INPUT)) return [];
  const [outputs, channels] = tensor.shape;
  const taps = sizeOf(tensor.shape.slice(2));
  let first = 0;
  return read.map(({ source, count }) => {
    let kept = 0;
    for (let output = 0; output < outputs; output++) {
      for (let channel = first; channel < first + count; channel++) {
        const start = (output * channels + channel) * taps;
        if (tensor.data.subarray(start, start + taps).some((weight) => weight !== 0)) kept++;
      }
    }
    first += count;
    return { reader: name, source, strength: kept / (outputs * count) };
  });
}

/** Consecutive channels of a tensor, and the convolution that they come from. */
interface Channels {
  readonly source: string;
  readonly count: number;
}

/** Where the channels of a tensor come from: convolutions, behind whatever changes no channels. */
function channelsOf(name: string, layers: Layers, inputChannels: number): Channels[] {
  const layer = layers.get(name);
  if (!layer) return [{ source: INPUT, count: inputChannels }];
  if (layer.layer.kind === 'concatenate') {
    return layer.inputs.flatMap((input) => channelsOf(input, layers, inputChannels));
  }
  if (layer.layer.kind === 'conv2d') return [{ source: name, count: layer.outputShape[0] }];
  return channelsOf(layer.inputs[0], layers, inputChannels);
}
