/** The networks of the paper's experiments, and others that people train on the same data. */
import { family } from '../schema/index.js';
import { autoencoderKind } from './autoencoder.js';
import { convnetKind } from './convnet.js';
import { denseBlockKind } from './dense-block.js';
import { densenetKind } from './densenet.js';
import { layersKind } from './layers.js';
import { mlpKind } from './mlp.js';
import { resnet18Kind, resnet20Kind, resnet34Kind, resnet50Kind } from './resnet.js';
import { skipEncoderKind } from './skip-encoder.js';
import { vgg16Kind } from './vgg.js';

export { autoencoder } from './autoencoder.js';
export { convnet } from './convnet.js';
export { type DenseBlockOptions, denseBlock } from './dense-block.js';
export { type DenseNetOptions, densenet } from './densenet.js';
export { mlp } from './mlp.js';
export type { ModelContext } from './model.js';
export type { ImageModelOptions } from './options.js';
export { resnet18, resnet20, resnet34, resnet50 } from './resnet.js';
export { skipEncoder } from './skip-encoder.js';
export { vgg16 } from './vgg.js';

/** All models of configurations. A new one is a file beside these and a line here. */
export const models = family([
  mlpKind,
  autoencoderKind,
  skipEncoderKind,
  convnetKind,
  resnet18Kind,
  resnet20Kind,
  resnet34Kind,
  resnet50Kind,
  vgg16Kind,
  densenetKind,
  denseBlockKind,
  layersKind,
]);
