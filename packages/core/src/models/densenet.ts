import { type LayerEntry, type NetworkDescription, network } from '../graph/index.js';
import {
  averagePool2d,
  batchNorm2d,
  concatenate,
  conv2d,
  globalAveragePool2d,
  linear,
} from '../layers/index.js';
import { imageModelKind } from './model.js';
import type { ImageModelOptions } from './options.js';

/** What a DenseNet lets one choose. */
export interface DenseNetOptions extends ImageModelOptions {
  /** Channels that each layer adds; by default 12. */
  readonly growth?: number;
  /** 6 n + 4: three blocks of n layers of two convolutions; by default 40. */
  readonly depth?: number;
}

/**
 * DenseNet-BC for CIFAR: every layer reads all before it in its block, by way of a 1 × 1 convolution
 * to four times the growth; between blocks half of the channels remain. Depth 40 with growth 12 has
 * 0.18 M parameters. Named as in torchvision.
 *
 * @throws RangeError on a depth that is not 6 n + 4
 */
export function densenet({
  input = [3, 32, 32],
  classes = 10,
  growth = 12,
  depth = 40,
}: DenseNetOptions = {}): NetworkDescription {
  const layersPerBlock = (depth - 4) / 6;
  if (!Number.isInteger(layersPerBlock) || layersPerBlock < 1) {
    throw new RangeError(`the depth of a DenseNet is 6 n + 4, such as 40, not ${depth}`);
  }
  let channels = 2 * growth;
  let from = 'features.conv0';
  const layers: LayerEntry[] = [[from, conv2d(channels, 3, { padding: 1, bias: false })]];
  for (const block of [1, 2, 3]) {
    for (let i = 1; i <= layersPerBlock; i++) {
      const name = `features.denseblock${block}.denselayer${i}`;
      layers.push(...denseLayer(name, from, growth));
      from = `${name}.concat`;
      channels += growth;
    }
    if (block === 3) break;
    channels = Math.floor(channels / 2);
    from = `features.transition${block}.pool`;
    layers.push(...transition(`features.transition${block}`, channels));
  }
  return network(input, [
    ...layers,
    ['features.norm_final', batchNorm2d({ relu: true })],
    globalAveragePool2d(),
    ['classifier', linear(classes)],
  ]);
}

/** New channels, put behind those that they were made of. */
function denseLayer(name: string, from: string, growth: number): LayerEntry[] {
  return [
    [`${name}.norm1`, batchNorm2d({ relu: true }), from],
    [`${name}.conv1`, conv2d(4 * growth, 1, { bias: false })],
    [`${name}.norm2`, batchNorm2d({ relu: true })],
    [`${name}.conv2`, conv2d(growth, 3, { padding: 1, bias: false })],
    [`${name}.concat`, concatenate(), from, `${name}.conv2`],
  ];
}

/** Fewer channels on half the height and width. */
function transition(name: string, channels: number): LayerEntry[] {
  return [
    [`${name}.norm`, batchNorm2d({ relu: true })],
    [`${name}.conv`, conv2d(channels, 1, { bias: false })],
    [`${name}.pool`, averagePool2d(2)],
  ];
}

/** It in a configuration. */
export const densenetKind = imageModelKind('densenet', densenet);
