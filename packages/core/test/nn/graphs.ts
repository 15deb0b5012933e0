/** Small networks with convolutions, joins and layers that several others read. */
import { type NetworkDescription, network } from '#lib/graph/index.js';
import {
  add,
  averagePool2d,
  batchNorm2d,
  concatenate,
  conv2d,
  flatten,
  globalAveragePool2d,
  leakyRelu,
  linear,
  maxPool2d,
  relu,
  scaledAdd,
  sigmoid,
  tanh,
} from '#lib/layers/index.js';

const same = { padding: 1 };
const noBias = { bias: false };

/** Every one has three outputs. */
export const graphs: Readonly<Record<string, NetworkDescription>> = {
  'one convolution': network([2, 6, 5], [conv2d(4, 3, same), tanh(), flatten(), linear(3)]),
  'strides and a wide kernel': network(
    [2, 7, 8],
    [
      conv2d(4, 3, { padding: 1, stride: 2 }),
      tanh(),
      conv2d(3, 3, same),
      sigmoid(),
      conv2d(5, 1, { stride: 2 }),
      conv2d(4, 2),
      flatten(),
      linear(3),
    ],
  ),
  'pools between': network(
    [1, 12, 12],
    [
      conv2d(6, 5),
      maxPool2d(2),
      relu(),
      conv2d(4, 3, same),
      averagePool2d(2, { stride: 1 }),
      leakyRelu(0.2),
      flatten(),
      linear(3),
    ],
  ),
  'a residual block': network(
    [3, 8, 8],
    [
      ['c0', conv2d(4, 3, { ...same, ...noBias })],
      ['b0', batchNorm2d({ relu: true })],
      ['c1', conv2d(6, 3, { padding: 1, stride: 2, bias: false })],
      ['b1', batchNorm2d({ relu: true })],
      ['c2', conv2d(6, 3, { ...same, ...noBias })],
      ['short', conv2d(6, 1, { stride: 2, bias: false }), 'b0'],
      ['short norm', batchNorm2d()],
      ['b2', batchNorm2d({ relu: true }), 'c2', 'short norm'],
      globalAveragePool2d(),
      flatten(),
      linear(3),
    ],
  ),
  'dense connections': network(
    [2, 4, 5],
    [
      ['a', conv2d(3, 3, same)],
      ['t', tanh()],
      ['b', conv2d(3, 3, same), 't'],
      ['s', add(), 't', 'b'],
      ['all', concatenate(), 's', 'a', 't'],
      ['d', conv2d(3, 1)],
      ['scaled', scaledAdd(), 'd', 's'],
      ['twice', add(), 'scaled', 'scaled'],
      averagePool2d(2),
      flatten(),
      linear(3),
    ],
  ),
  'normalized input': network(
    [2, 5, 5],
    [
      batchNorm2d(),
      conv2d(3, 3, { ...same, ...noBias }),
      batchNorm2d({ relu: true }),
      sigmoid(),
      flatten(),
      linear(3),
    ],
  ),
  'activations that a layer before must not see': network(
    [2, 6, 6],
    [
      conv2d(3, 3, same),
      maxPool2d(2),
      tanh(),
      conv2d(3, 3, same),
      maxPool2d(2, { stride: 1 }),
      flatten(),
      sigmoid(),
      linear(5),
      relu(),
      sigmoid(),
      tanh(),
      linear(3),
    ],
  ),
  'branches of a chain': network(
    [6],
    [
      ['a', linear(5)],
      ['left', tanh()],
      ['right', sigmoid(), 'a'],
      ['sum', scaledAdd(), 'left', 'right'],
      ['again', linear(5), 'left'],
      ['end', add(), 'again', 'sum'],
      linear(3),
    ],
  ),
};
