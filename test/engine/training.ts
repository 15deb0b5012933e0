import { createHash } from 'node:crypto';
import type { Engine } from '#lib/engine/index.js';
import { group, l1, none, type Regularizer, sizeOf, stream } from '#lib/math/index.js';
import { initialize, linear, Network, network, relu, tanh } from '#lib/nn/index.js';
import { type MethodName, Optimizer } from '#lib/optim/index.js';

/** Regularizers to train with, by name. */
export const regularizers: Readonly<Record<string, Regularizer>> = {
  l1: l1(),
  'group-rows': group('rows'),
};

/** Trains a small network on random bytes and digests all bits of its parameters and of v. */
export function bitsAfterTraining(
  engine: Engine,
  regularizer: Regularizer,
  { method = 'adabreg' as MethodName, steps = 5, width = 200 } = {},
): string {
  const input = [3, 10, 10];
  const layers = [linear(width), relu(), linear(75), tanh(), linear(10)];
  const [batchSize, count] = [40, 97];
  const net = new Network(engine, network(input, layers), {
    batchSize,
    inputType: 'bytes',
    normalization: { mean: [0.4, 0.5, 0.6], std: [0.2, 0.3, 0.4] },
  });
  const by = regularizer.form!.by;
  initialize(net, 1, () => ({ density: 0.2, by, gain: 2, bias: [1, 1] }));
  const { below } = stream(2, 'data');
  const inputs = Uint8Array.from({ length: count * sizeOf(input) }, () => below(256));
  const labels = Uint8Array.from({ length: count }, () => below(10));
  const order = Int32Array.from({ length: count }, (_, i) => (i * 5) % count);

  const withRole = (role: 'weight' | 'bias') =>
    net.parameters.filter((parameter) => parameter.role === role);
  const common = { method, learningRate: 0.01, lambda: 0.02 };
  const optimizer = new Optimizer(net, [
    { ...common, parameters: withRole('weight'), regularizer },
    { ...common, parameters: withRole('bias'), regularizer: none() },
  ]);
  optimizer.start();
  for (let step = 0; step < steps; step++) {
    const from = (step % 3) * batchSize;
    net.loadInputs(inputs, order, from, Math.min(batchSize, count - from));
    net.loadLabels(labels, order, from);
    net.differentiate();
    optimizer.step();
  }

  const hash = createHash('sha256');
  for (const parameter of net.parameters) hash.update(net.read(parameter));
  for (const values of optimizer.state().values()) hash.update(values.slice());
  return hash.digest('hex');
}
