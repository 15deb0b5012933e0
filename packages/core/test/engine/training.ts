import { createHash } from 'node:crypto';
import { WasmBackend } from '#lib/backend/index.js';
import type { Engine } from '#lib/engine/index.js';
import { type LayerEntry, network } from '#lib/graph/index.js';
import {
  batchNorm2d,
  concatenate,
  conv2d,
  flatten,
  linear,
  maxPool2d,
  relu,
  scaledAdd,
  tanh,
} from '#lib/layers/index.js';
import type { PlacedParameter } from '#lib/lowering/parameter.js';
import { group, l1, none, type Regularizer, sizeOf, stream } from '#lib/math/index.js';
import type { MethodName } from '#lib/optim/index.js';
import { initialize } from '#lib/train/initialize.js';
import { Optimizer } from '#lib/train/optimizer.js';
import { atOnce } from '../at-once.js';

/** Regularizers to train with, by name. */
export const regularizers: Readonly<Record<string, Regularizer>> = {
  l1: l1(),
  'group-rows': group('rows'),
  'group-kernels': group('kernels'),
};

/** Networks to train: linear layers, a graph of convolutions, convolutions by patches. */
export const kinds = ['chain', 'residual', 'patched'] as const;
type Kind = (typeof kinds)[number];

const chain = (width: number) => [linear(width), relu(), linear(75), tanh(), linear(10)];

const residual: readonly LayerEntry[] = [
  ['c0', conv2d(9, 3, { padding: 1, bias: false })],
  ['b0', batchNorm2d({ relu: true })],
  ['pooled', maxPool2d(2)],
  ['c1', conv2d(7, 3, { padding: 1, stride: 2 })],
  ['t1', tanh()],
  ['short', conv2d(7, 1, { stride: 2 }), 'pooled'],
  ['sum', scaledAdd(), 't1', 'short'],
  ['c2', conv2d(30, 3, { padding: 1, bias: false })],
  ['b2', batchNorm2d()],
  ['all', concatenate(), 'b2', 'sum'],
  relu(),
  flatten(),
  linear(10),
];

/** Convolutions that go by patches, of numbers of channels that no tile divides. */
const patched: readonly LayerEntry[] = [
  ['c0', conv2d(17, 3, { padding: 1 })],
  ['t0', tanh()],
  ['c1', conv2d(19, 3, { padding: 1, bias: false })],
  ['t1', tanh()],
  ['c2', conv2d(67, 3, { padding: 2 })],
  ['t2', tanh()],
  ['c3', conv2d(33, 3)],
  relu(),
  flatten(),
  linear(10),
];

const byRows = { forward: 0, inputGradient: 0, weightGradient: 0 };

const graphs: Readonly<Record<Exclude<Kind, 'chain'>, readonly LayerEntry[]>> = {
  residual,
  patched,
};

/** Trains a small network on random bytes and digests all bits of its parameters and of v. */
export function bitsAfterTraining(
  engine: Engine,
  regularizer: Regularizer,
  {
    method = 'adabreg' as MethodName,
    steps = 5,
    width = 200,
    kind = 'chain' as Kind,
    /** Share of the bytes that are not 0. */
    lit = 1,
    /** Whether the engine gathers the batches itself. */
    held = false,
  } = {},
): string {
  const input = [3, 10, 10];
  const layers = kind === 'chain' ? chain(width) : graphs[kind];
  const batchSize = 40;
  const count = 97;
  const net = new WasmBackend(engine).compile(network(input, layers), {
    batchSize,
    inputType: 'bytes',
    normalization: { mean: [0.4, 0.5, 0.6], std: [0.2, 0.3, 0.4] },
    ...(kind === 'patched' && { breakEven: byRows }),
  });
  const by = regularizer.form!.by;
  initialize(net, 1, ({ shape }) => {
    return { density: 0.2, by: shape.length > 1 ? by : 'entries', gain: 2, bias: [1, 1] };
  });
  const { below, bernoulli } = stream(2, 'data');
  const byte = () => (lit === 1 || bernoulli(lit) ? below(256) : 0);
  const inputs = Uint8Array.from({ length: count * sizeOf(input) }, byte);
  const labels = Uint8Array.from({ length: count }, () => below(10));
  const order = Int32Array.from({ length: count }, (_, i) => (i * 5) % count);

  // Regularizers of groups are for matrices and kernels.
  const isSparse = ({ role, shape }: PlacedParameter) => role === 'weight' && shape.length > 1;
  const common = { method, learningRate: 0.01, lambda: 0.02 };
  const optimizer = new Optimizer(net, [
    { ...common, parameters: net.parameters.filter(isSparse), regularizer },
    {
      ...common,
      parameters: net.parameters.filter((parameter) => !isSparse(parameter)),
      regularizer: none(),
    },
  ]);
  optimizer.start();
  if (held) net.hold(inputs);
  for (let step = 0; step < steps; step++) {
    const from = (step % 3) * batchSize;
    net.loadInputs(inputs, order, from, Math.min(batchSize, count - from));
    net.loadLabels(labels, order, from);
    net.differentiate();
    optimizer.step();
  }

  const hash = createHash('sha256');
  for (const parameter of net.parameters) hash.update(net.read(parameter));
  for (const { value } of net.buffers) hash.update(engine.floats(value).slice());
  for (const values of atOnce(optimizer.state()).values()) hash.update(values.slice());
  return hash.digest('hex');
}
