import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { Engine } from '#lib/engine/index.js';
import {
  denseStart,
  initialize,
  type LossName,
  leakyRelu,
  linear,
  Network,
  network,
  relu,
  sigmoid,
  tanh,
} from '#lib/nn/index.js';
import { builds } from '../engine/builds.js';
import { assertClose } from './plain.js';
import { normals } from './site.js';

const [features, classes, count] = [7, 5, 21];
const inputs = normals(count * features, 1);
const targets = normals(count * classes, 2);
const labels = Int32Array.from({ length: count }, (_, i) => (i * i) % classes);
const order = Int32Array.from({ length: count }, (_, i) => count - 1 - i);

for (const { build, skip } of builds) {
  describe(`gradients are finite differences, build ${build}`, { skip }, async () => {
    if (skip) return;
    const engine = await Engine.create({ build, threads: 2 });
    after(() => engine.close());

    for (const activation of [relu(), leakyRelu(0.2), sigmoid(), tanh()]) {
      for (const loss of ['cross-entropy', 'squared-error'] satisfies LossName[]) {
        test(`${activation.kind}, ${loss}`, () => {
          const layers = [linear(9), activation, linear(6), activation];
          const description = network([features], [...layers, linear(classes, { bias: false })]);
          const net = new Network(engine, description, { batchSize: 32, loss });
          initialize(net, 4, () => ({ ...denseStart, density: 0.7, gain: 2 }));
          net.loadInputs(inputs, order, 0, count);
          if (loss === 'cross-entropy') net.loadLabels(labels, order, 0);
          else net.loadTargets(targets, order, 0);
          net.differentiate();

          for (const parameter of net.parameters) {
            const gradient = engine.floats(parameter.gradient).slice();
            const values = net.read(parameter);
            const lossAt = (i: number, shift: number) => {
              net.write(parameter, values.with(i, values[i] + shift));
              net.reindex();
              return net.evaluate().loss / count;
            };
            const h = 1e-3;
            const differences = values.map((_, i) => (lossAt(i, h) - lossAt(i, -h)) / (2 * h));
            net.write(parameter, values);
            net.reindex();
            assertClose(gradient, differences, 2e-3);
            assert.ok(gradient.some((g) => Math.abs(g) > 0.01));
          }
        });
      }
    }
  });
}
