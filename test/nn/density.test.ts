import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { Engine } from '#lib/engine/index.js';
import {
  type BreakEven,
  defaultBreakEven,
  denseStart,
  initialize,
  linear,
  Network,
  network,
  relu,
} from '#lib/nn/index.js';
import { builds } from '../engine/builds.js';
import { assertClose } from './plain.js';
import { always, normals } from './site.js';

const [features, count] = [37, 45];
const inputs = normals(count * features, 1);
const labels = Int32Array.from({ length: count }, (_, i) => i % 10);
const order = Int32Array.from({ length: count }, (_, i) => i);

for (const { build, skip } of builds) {
  describe(`one network, sparse and dense, build ${build}`, { skip }, async () => {
    if (skip) return;
    const engine = await Engine.create({ build, threads: 2 });
    after(() => engine.close());

    const layers = [linear(70), relu(), linear(29), relu(), linear(10)];
    const networkWith = (breakEven: BreakEven, density: number) => {
      const options = { batchSize: count, breakEven };
      const net = new Network(engine, network([features], layers), options);
      initialize(net, 5, () => ({ ...denseStart, density }));
      return net;
    };
    /** Outputs, loss and all gradients of the first samples. */
    const resultsOf = (net: Network, samples = count) => {
      const outputs = net.predict(inputs.subarray(0, samples * features));
      net.loadLabels(labels, order, 0);
      const { loss, hits } = net.differentiate();
      const gradients = net.parameters.map(({ gradient }) => engine.floats(gradient).slice());
      return [outputs, Float64Array.of(loss, hits), ...gradients];
    };

    for (const density of [0, 0.02, 0.3, 1]) {
      test(`density ${density}: by entries as by rows`, () => {
        const byRows = resultsOf(networkWith(always.rows, density));
        const byEntries = resultsOf(networkWith(always.entries, density));
        byRows.forEach((values, i) => void assertClose(byEntries[i], values));
      });

      test(`density ${density}: the same choice gives the same bits`, () => {
        const first = resultsOf(networkWith(defaultBreakEven, density));
        assert.deepEqual(resultsOf(networkWith(defaultBreakEven, density)), first);
      });

      test(`density ${density}: gradients on the support are those of all weights`, () => {
        const net = networkWith(always.rows, density);
        const [, , ...all] = resultsOf(net);
        for (const breakEven of [always.rows, always.entries, defaultBreakEven]) {
          const other = networkWith(breakEven, density);
          resultsOf(other);
          for (const { gradient } of other.parameters) engine.floats(gradient).fill(NaN);
          other.differentiate('support');
          other.parameters.forEach(({ gradient, value }, i) => {
            const weights = engine.floats(value);
            const kept = (_: number, at: number) => weights[at] !== 0;
            assertClose(engine.floats(gradient).filter(kept), all[i].filter(kept));
          });
        }
      });
    }

    test('a last, partial batch: samples past its end leave no trace', () => {
      for (const samples of [1, 15, 16, 17, 31, 33]) {
        const fresh = resultsOf(networkWith(defaultBreakEven, 0.3), samples);
        const used = networkWith(defaultBreakEven, 0.3);
        resultsOf(used);
        assert.deepEqual(resultsOf(used, samples), fresh, `${samples} samples`);
      }
    });

    test('predictions do not depend on the batch size', () => {
      const expected = networkWith(defaultBreakEven, 0.3).predict(inputs);
      for (const batchSize of [1, 7, 16, 100]) {
        const net = new Network(engine, network([features], layers), { batchSize });
        initialize(net, 5, () => ({ ...denseStart, density: 0.3 }));
        assert.deepEqual(net.predict(inputs), expected, `batch size ${batchSize}`);
      }
    });
  });
}
