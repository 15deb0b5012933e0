/** The networks of the paper's experiments, and others that people train on the same data. */
import { convnet } from './convnet.js';
import { denseBlock } from './dense-block.js';
import { densenet } from './densenet.js';
import { resnet18, resnet20, resnet34, resnet50 } from './resnet.js';
import { vgg16 } from './vgg.js';

export { autoencoder } from './autoencoder.js';
export { convnet } from './convnet.js';
export { type DenseBlockOptions, denseBlock } from './dense-block.js';
export { type DenseNetOptions, densenet } from './densenet.js';
export { mlp } from './mlp.js';
export type { ImageModelOptions } from './options.js';
export { resnet18, resnet20, resnet34, resnet50 } from './resnet.js';
export { skipEncoder } from './skip-encoder.js';
export { vgg16 } from './vgg.js';

/** Classifiers of images by name. A new one is a line here. */
export const imageModels = {
  convnet,
  resnet18,
  resnet20,
  resnet34,
  resnet50,
  vgg16,
  densenet,
  'dense-block': denseBlock,
};

export type ImageModelName = keyof typeof imageModels;

export const imageModelNames = Object.keys(imageModels) as ImageModelName[];
