import { type LayerEntry, type NetworkDescription, network } from '../graph/index.js';
import { concatenate, conv2d, flatten, linear, relu } from '../layers/index.js';
import { imageModelKind } from './model.js';
import type { ImageModelOptions } from './options.js';

/** What a dense block lets one choose. */
export interface DenseBlockOptions extends ImageModelOptions {
  /** Convolutions in the block; by default 5. */
  readonly depth?: number;
  /** Channels that each of them adds; by default 12. */
  readonly growth?: number;
}

/**
 * The follow-up's DenseNet (arXiv 2106.02479): one block at full size in which every 3 × 3 convolution
 * reads the channels of all before it, one more to a single channel, and a linear layer. Kernels are the
 * connections: a layer reads those earlier ones of which it keeps kernels. There is no batch norm, and
 * other than in its PyTorch code no ReLU on the logits.
 */
export function denseBlock({
  input = [1, 28, 28],
  classes = 10,
  depth = 5,
  growth = 12,
}: DenseBlockOptions = {}): NetworkDescription {
  let from = 'conv0';
  const layers: LayerEntry[] = [[from, convolution(growth)]];
  for (let i = 1; i <= depth; i++) {
    const conv = `conv${i}`;
    const active = `relu${i}`;
    const joined = `concat${i}`;
    layers.push([conv, convolution(growth), from], [active, relu()]);
    layers.push([joined, concatenate(), from, active]);
    from = joined;
  }
  return network(input, [
    ...layers,
    ['last', convolution(1)],
    relu(),
    flatten(),
    ['classifier', linear(classes)],
  ]);
}

function convolution(channels: number) {
  return conv2d(channels, 3, { padding: 1 });
}

/** It in a configuration. */
export const denseBlockKind = imageModelKind('dense-block', denseBlock);
