import type { ConfigInput } from './config.js';
import type { Preset } from './preset.js';
import { rivalsOf } from './rivals.js';

/** The paper's MLP and its sparse start: 1 % of the entries, He-normal × 0.7/√0.01. */
const mnistMlp = {
  data: 'mnist',
  validation: 3000,
  model: { kind: 'mlp', hidden: [200, 80] },
  start: { density: 0.01, by: 'entries', gain: 7, bias: [0, 1] },
  schedule: { kind: 'plateau', factor: 0.5, patience: 5, threshold: 0.01 },
} as const satisfies ConfigInput;

/** The paper's convolutional nets: whole kernels kept or dropped, nothing on biases and gains. */
const kernelGroups = {
  method: 'adabreg',
  learningRate: 0.001,
  regularizer: { kind: 'group', by: 'kernels' },
} as const;

/** The paper's denoising: Gaussian noise on MNIST, 1 % of the rows at the start. */
const mnistDenoising = {
  data: 'mnist',
  task: { kind: 'denoise', noise: 0.05 },
  loss: 'squared-error',
  validation: 3000,
  epochs: 10,
  start: { density: 0.01, by: 'rows', gain: 5, bias: [0, 1] },
  schedule: { kind: 'plateau' },
} as const satisfies Omit<ConfigInput, 'model'>;

/** Whole output neurons kept or dropped. */
const rowGroups = {
  method: 'adabreg',
  learningRate: 0.001,
  lambda: 0.07,
  regularizer: { kind: 'group', by: 'rows' },
} as const;

/** CIFAR-10 as the paper augments it: images in [0, 1], cropped and mirrored. */
const cifar10 = {
  data: 'cifar10',
  validation: 0.05,
  normalize: false,
  augment: { crop: 4, flip: true },
  epochs: 100,
  start: {
    density: 0.01,
    by: 'kernels',
    gain: 5,
    bias: [0, 1],
    groups: [{ parameters: ['@linear'], density: 1, by: 'entries' }],
  },
  optimizer: {
    ...kernelGroups,
    lambda: 0.1,
    groups: [{ parameters: ['@conv2d'] }, { parameters: ['*'], regularizer: { kind: 'none' } }],
  },
  schedule: { kind: 'plateau' },
} as const satisfies Omit<ConfigInput, 'model'>;

/** ResNets on CIFAR-10 as rivals of ours train them: images normalized, cropped and mirrored. */
const cifar10Rivals = {
  data: 'cifar10',
  validation: 0.05,
  augment: { crop: 4, flip: true },
  schedule: { kind: 'cosine' },
} as const satisfies Omit<ConfigInput, 'model'>;

/** All presets by name. A new one is a line here. */
export const presets: Readonly<Record<string, Preset>> = {
  'mnist-mlp': {
    description: 'MLP on MNIST, LinBreg with l1: about 97 % from under 10 % of the weights',
    config: { ...mnistMlp, optimizer: { method: 'linbreg', learningRate: 0.1, lambda: 0.1 } },
  },
  'mnist-mlp-momentum': {
    description: 'the same with LinBreg and momentum 0.9',
    config: {
      ...mnistMlp,
      optimizer: { method: 'linbreg', learningRate: 0.1, lambda: 0.1, momentum: 0.9 },
    },
  },
  'mnist-mlp-adabreg': {
    description: 'the same with AdaBreg: faster, less sparse',
    config: { ...mnistMlp, optimizer: { method: 'adabreg', learningRate: 0.001, lambda: 0.1 } },
  },
  'mnist-mlp-sgd': {
    description: 'the same by SGD, which fills in every weight: the dense baseline',
    config: {
      ...mnistMlp,
      optimizer: { method: 'sgd', learningRate: 0.1, lambda: 0, regularizer: { kind: 'none' } },
    },
  },
  'mnist-mlp-proxsgd': {
    description: 'the same by proximal SGD with l1',
    config: {
      ...mnistMlp,
      optimizer: { method: 'proxsgd', learningRate: 0.1, lambda: 1e-4 },
    },
  },
  'mnist-mlp-lasso': {
    description: 'the same by SGD on loss + l1 (Lasso by subgradient): small weights, few zeros',
    config: {
      ...mnistMlp,
      optimizer: { method: 'lasso', learningRate: 0.1, lambda: 1e-4 },
    },
  },
  ...rivalsOf('mnist-mlp', 'MLP on MNIST', 0.05, {
    ...mnistMlp,
    optimizer: { learningRate: 0.1, momentum: 0.9 },
  }),
  'mnist-autoencoder': {
    description:
      'denoising of MNIST by layers of 784, AdaBreg with row groups: a bottleneck emerges',
    config: { ...mnistDenoising, model: { kind: 'autoencoder' }, optimizer: rowGroups },
  },
  'mnist-skip-encoder': {
    description: 'the same with skip connections between all layers, which l1 chooses from',
    config: {
      ...mnistDenoising,
      model: { kind: 'skip-encoder' },
      start: { ...mnistDenoising.start, groups: [{ parameters: ['@add'], density: 0 }] },
      optimizer: {
        ...rowGroups,
        groups: [
          { parameters: ['@linear'] },
          // The follow-up's 28 λ: as much as the √784 of a row group.
          { parameters: ['@add'], lambda: 1.96, regularizer: { kind: 'l1' } },
          { parameters: ['*'], regularizer: { kind: 'none' } },
        ],
      },
    },
  },
  'fashion-mlp': {
    description: 'MLP on Fashion-MNIST, LinBreg with l1',
    config: {
      ...mnistMlp,
      data: 'fashion-mnist',
      optimizer: { method: 'linbreg', learningRate: 0.1, lambda: 0.05 },
    },
  },
  'fashion-convnet': {
    description: "the paper's convnet on Fashion-MNIST, AdaBreg with kernel groups",
    config: {
      data: 'fashion-mnist',
      validation: 3000,
      model: { kind: 'convnet' },
      epochs: 15,
      start: {
        density: 0.01,
        by: 'kernels',
        // As in the reference; of the 64 kernels of conv1 a Bernoulli mask often leaves none.
        mask: 'exact',
        gain: 10,
        bias: [0, 10],
        groups: [{ parameters: ['@linear'], by: 'entries', mask: 'bernoulli' }],
      },
      optimizer: {
        ...kernelGroups,
        lambda: 0.5,
        groups: [
          { parameters: ['@conv2d'] },
          { parameters: ['@linear'], regularizer: { kind: 'l1' } },
          { parameters: ['*'], regularizer: { kind: 'none' } },
        ],
      },
      schedule: { kind: 'plateau' },
    },
  },
  'fashion-dense-block': {
    description:
      'a dense block on Fashion-MNIST, AdaBreg with kernel groups: which connections stay',
    config: {
      data: 'fashion-mnist',
      validation: 3000,
      model: { kind: 'dense-block' },
      epochs: 10,
      start: {
        density: 0.03,
        by: 'kernels',
        gain: 5,
        bias: [0, 1],
        groups: [
          // Of twelve kernels, 3 % would be none.
          { parameters: ['conv0.weight'], density: 0.25 },
          { parameters: ['@linear'], density: 1, by: 'entries', gain: 1 },
        ],
      },
      optimizer: {
        ...kernelGroups,
        lambda: 0.05,
        groups: [{ parameters: ['@conv2d'] }, { parameters: ['*'], regularizer: { kind: 'none' } }],
      },
      schedule: { kind: 'plateau' },
    },
  },
  'cifar10-resnet18': {
    description: 'ResNet-18 on CIFAR-10, AdaBreg with kernel groups, the paper: days on two cores',
    config: { ...cifar10, model: { kind: 'resnet18' } },
  },
  'cifar10-resnet18-fast': {
    description: 'the same with multilevel gradients, asked for 5 % of the weights',
    config: {
      ...cifar10,
      model: { kind: 'resnet18' },
      gradient: { kind: 'multilevel', period: 10 },
      lambdaPolicy: { kind: 'target-density', density: 0.05 },
    },
  },
  'cifar10-resnet20': {
    description:
      'ResNet-20 on CIFAR-10, AdaBreg with l1 and multilevel gradients, asked for 18 % of the weights',
    config: {
      ...cifar10,
      model: { kind: 'resnet20' },
      normalize: true,
      epochs: 20,
      gradient: { kind: 'multilevel', period: 4 },
      start: {
        density: 0.1,
        by: 'entries',
        gain: 2,
        bias: [0, 1],
        groups: [{ parameters: ['@linear'], density: 1, gain: 1 }],
      },
      optimizer: {
        method: 'adabreg',
        learningRate: 0.003,
        lambda: 0.1,
        groups: [{ parameters: ['@conv2d'] }, { parameters: ['*'], regularizer: { kind: 'none' } }],
      },
      lambdaPolicy: { kind: 'target-density', density: 0.18 },
      schedule: { kind: 'cosine', warmup: 0 },
    },
  },
  ...rivalsOf('cifar10-resnet20', 'ResNet-20 on CIFAR-10', 0.18, {
    ...cifar10Rivals,
    model: { kind: 'resnet20' },
    epochs: 20,
    optimizer: { learningRate: 0.1, momentum: 0.9 },
  }),
  ...rivalsOf('cifar10-resnet18', 'ResNet-18 on CIFAR-10', 0.034, {
    ...cifar10Rivals,
    model: { kind: 'resnet18' },
    epochs: 25,
    optimizer: { learningRate: 0.1, momentum: 0.9 },
  }),
};
