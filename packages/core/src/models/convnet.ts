import { type NetworkDescription, network } from '../graph/index.js';
import { conv2d, flatten, linear, maxPool2d, relu } from '../layers/index.js';
import { imageModelKind } from './model.js';
import type { ImageModelOptions } from './options.js';

/**
 * The paper's network for Fashion-MNIST: two convolutions 5 × 5 × 64, each with a max pool and a
 * ReLU, then 128 units and one per class. Parameters are named as in its PyTorch code.
 */
export function convnet({
  input = [1, 28, 28],
  classes = 10,
}: ImageModelOptions = {}): NetworkDescription {
  return network(input, [
    ['layers1.0', conv2d(64, 5)],
    maxPool2d(2),
    relu(),
    ['layers1.3', conv2d(64, 5)],
    maxPool2d(2),
    relu(),
    flatten(),
    ['layers2.0', linear(128)],
    relu(),
    ['layers2.2', linear(classes)],
  ]);
}

/** It in a configuration. */
export const convnetKind = imageModelKind('convnet', convnet);
