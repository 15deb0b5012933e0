import { type LayerEntry, type NetworkDescription, network } from '../graph/index.js';
import { batchNorm2d, conv2d, flatten, linear, maxPool2d } from '../layers/index.js';
import { imageModelKind } from './model.js';
import type { ImageModelOptions } from './options.js';

/** Channels of the convolutions; a max pool follows each list. */
const stages = [
  [64, 64],
  [128, 128],
  [256, 256, 256],
  [512, 512, 512],
  [512, 512, 512],
];

/**
 * VGG-16 with batch norm and one linear layer, as people train it on CIFAR-10: 14.7 M parameters.
 * Its layers count as in PyTorch, `features.0`, `features.1`, …, with a place for each ReLU, which
 * here belongs to the batch norm before it.
 */
export function vgg16({
  input = [3, 32, 32],
  classes = 10,
}: ImageModelOptions = {}): NetworkDescription {
  let place = 0;
  const convolution = (channels: number): LayerEntry[] => {
    const first = place;
    place += 3;
    return [
      [`features.${first}`, conv2d(channels, 3, { padding: 1 })],
      [`features.${first + 1}`, batchNorm2d({ relu: true })],
    ];
  };
  const features = stages.flatMap((stage): LayerEntry[] => [
    ...stage.flatMap(convolution),
    [`features.${place++}`, maxPool2d(2)],
  ]);
  return network(input, [...features, flatten(), ['classifier', linear(classes)]]);
}

/** It in a configuration. */
export const vgg16Kind = imageModelKind('vgg16', vgg16);
