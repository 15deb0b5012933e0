import type { ConfigInput } from './config.js';

/** A named configuration with a line on what it shows. */
export interface Preset {
  readonly description: string;
  readonly config: ConfigInput;
}

/** The paper's MLP and its sparse start: 1 % of the entries, He-normal × 0.7/√0.01. */
const mnistMlp = {
  data: 'mnist',
  validation: 3000,
  model: { kind: 'mlp', hidden: [200, 80] },
  start: { density: 0.01, by: 'entries', gain: 7, bias: [0, 1] },
  schedule: { kind: 'plateau', factor: 0.5, patience: 5, threshold: 0.01 },
} as const satisfies ConfigInput;

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
  'fashion-mlp': {
    description: 'MLP on Fashion-MNIST, LinBreg with l1',
    config: {
      ...mnistMlp,
      data: 'fashion-mnist',
      optimizer: { method: 'linbreg', learningRate: 0.1, lambda: 0.05 },
    },
  },
};
