import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import type { LossName, Network } from '#lib/backend/index.js';
import { type NetworkDescription, network } from '#lib/graph/index.js';
import { conv2d, leakyRelu, linear, relu, sigmoid, tanh } from '#lib/layers/index.js';
import { sizeOf, stream } from '#lib/math/index.js';
import { denseStart, initialize } from '#lib/train/initialize.js';
import { atOnce } from '../at-once.js';
import { backends } from '../backends.js';
import { graphs } from './graphs.js';
import { assertClose } from './plain.js';
import { always, normals } from './site.js';

const count = 21;
const order = Int32Array.from({ length: count }, (_, i) => count - 1 - i);

/** Loads a random batch. */
function loadBatch(net: Network): void {
  net.loadInputs(normals(count * sizeOf(net.description.input), 1), order, 0, count);
  const outputs = sizeOf(net.outputShape);
  if (net.loss === 'squared-error') net.loadTargets(normals(count * outputs, 2), order, 0);
  else
    net.loadLabels(
      Int32Array.from({ length: count }, (_, i) => (i * i) % outputs),
      order,
      0,
    );
}

function nearest(candidates: readonly number[], to: number): number {
  return candidates.reduce((a, b) => (Math.abs(b - to) < Math.abs(a - to) ? b : a));
}

/** Compares some entries of every gradient with the change of the loss. */
function checkGradients(net: Network, h: number): void {
  loadBatch(net);
  net.differentiate();
  const gradients = net.parameters.map((each) => atOnce(net.readGradient(each)));
  for (const [index, parameter] of net.parameters.entries()) {
    const gradient = gradients[index];
    const values = atOnce(net.read(parameter));
    const { below } = stream(3, parameter.name);
    const entries = Array.from({ length: Math.min(25, values.length) }, () => below(values.length));
    const lossAt = (i: number, shift: number) => {
      net.write(parameter, values.with(i, values[i] + shift));
      net.reindex();
      return atOnce(net.differentiate('support')).loss / count;
    };
    const at = atOnce(net.differentiate('support')).loss / count;
    const differences = entries.map((i) => {
      const right = (lossAt(i, h) - at) / h;
      const left = (at - lossAt(i, -h)) / h;
      // Beyond a kink of a ReLU or a maximum the loss has another slope.
      return nearest([(left + right) / 2, left, right], gradient[i]);
    });
    net.write(parameter, values);
    net.reindex();
    const scale = 1 / gradient.reduce((max, g) => Math.max(max, Math.abs(g)), 0.02);
    assertClose(
      entries.map((i) => scale * gradient[i]),
      differences.map((x) => scale * x),
      0.02,
    );
  }
  assert.ok(gradients.every((each) => each.some((g) => Math.abs(g) > 1e-3)));
}

for (const { name, skip, create } of backends) {
  describe(`gradients are finite differences, ${name}`, { skip }, async () => {
    if (skip) return;
    const backend = await create();
    after(() => backend.close());

    const check = (
      description: NetworkDescription,
      loss: LossName,
      { breakEven = always.rows, labelSmoothing = 0 } = {},
    ) => {
      const options = { batchSize: 32, loss, breakEven, labelSmoothing };
      const net = backend.compile(description, options);
      initialize(net, 6, () => ({ ...denseStart, density: 0.7, gain: 1.5 }));
      checkGradients(net, 5e-4);
    };

    for (const activation of [relu(), leakyRelu(0.2), sigmoid(), tanh()]) {
      for (const loss of ['cross-entropy', 'squared-error'] satisfies LossName[]) {
        test(`${activation.kind}, ${loss}`, () => {
          const layers = [linear(9), activation, linear(6), activation];
          check(network([7], [...layers, linear(5, { bias: false })]), loss);
        });
      }
    }
    for (const [name, description] of Object.entries(graphs)) {
      for (const by of backend.name === 'wasm'
        ? (['rows', 'entries'] as const)
        : (['rows'] as const)) {
        test(`${name}, by ${by}`, () =>
          check(description, 'cross-entropy', { breakEven: always[by] }));
      }
    }
    test('smoothed labels', () => {
      const layers = [linear(9), tanh(), linear(5)];
      check(network([7], layers), 'cross-entropy', { labelSmoothing: 0.3 });
    });
    test('an image as the output', () => {
      const layers = [
        conv2d(3, 3, { padding: 1 }),
        tanh(),
        conv2d(2, 3, { padding: 1 }),
        sigmoid(),
      ];
      check(network([2, 4, 5], layers), 'squared-error');
    });
  });
}
