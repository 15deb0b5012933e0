import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { type Network, WasmNetwork } from '#lib/backend/index.js';
import { type NetworkDescription, network } from '#lib/graph/index.js';
import { linear, relu } from '#lib/layers/index.js';
import { type BreakEven, defaultBreakEven } from '#lib/lowering/support.js';
import { sizeOf } from '#lib/math/index.js';
import { denseStart, initialize } from '#lib/train/initialize.js';
import { atOnce } from '../at-once.js';
import { backends } from '../backends.js';
import { graphs } from './graphs.js';
import { assertClose } from './plain.js';
import { always, blocksOf, normals } from './site.js';

const count = 45;
const labels = Int32Array.from({ length: count }, (_, i) => (i * i) % 3);
const order = Int32Array.from({ length: count }, (_, i) => i);
const chain = [linear(70), relu(), linear(29), relu(), linear(3)];
const descriptions: Record<string, NetworkDescription> = {
  'a chain': network([37], chain),
  ...graphs,
};

for (const { name: backendName, skip, create } of backends) {
  for (const [name, description] of Object.entries(descriptions)) {
    describe(`${name}, sparse and dense, ${backendName}`, { skip }, async () => {
      if (skip) return;
      const backend = await create();
      after(() => backend.close());

      const features = sizeOf(description.input);
      const inputs = normals(count * features, 1);
      const networkWith = (breakEven: BreakEven, density: number, batchSize = count) => {
        const net = backend.compile(description, { batchSize, breakEven });
        initialize(net, 5, () => ({ ...denseStart, density }));
        return net;
      };
      /** Outputs, loss and all gradients of samples. */
      const resultsOf = (net: Network, samples = count, from = 0) => {
        const outputs = atOnce(net.predict(inputs.subarray(0, samples * features)));
        net.loadInputs(inputs, order, from, samples);
        net.loadLabels(labels, order, from);
        const { loss, hits } = atOnce(net.differentiate());
        const gradients = net.parameters.map((each) => atOnce(net.readGradient(each)));
        return [outputs, Float64Array.of(loss, hits), ...gradients];
      };
      /** Running statistics as of the start. */
      const forget = (net: Network) => {
        for (const buffer of net.buffers) {
          net.write(buffer, atOnce(net.read(buffer)).fill(buffer.initial));
        }
      };

      /** Nothing may be left of what lay there. */
      const spoilGradients = (net: Network) => {
        if (!(net instanceof WasmNetwork)) return;
        for (const { gradient } of net.parameters) net.engine.floats(gradient).fill(NaN);
      };

      for (const density of [0, 0.02, 0.3, 1]) {
        test(`density ${density}: by entries as by rows`, () => {
          const byRows = resultsOf(networkWith(always.rows, density));
          const byEntries = resultsOf(networkWith(always.entries, density));
          byRows.forEach((values, i) => void assertClose(byEntries[i], values, 1e-4));
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
            spoilGradients(other);
            other.differentiate('support');
            other.parameters.forEach((each, i) => {
              const weights = atOnce(other.read(each));
              const kept = (_: number, at: number) => weights[at] !== 0;
              const found = atOnce(other.readGradient(each));
              assertClose(found.filter(kept), all[i].filter(kept), 1e-4);
            });
          }
        });
      }

      test('sampled gradients are those of all weights on average over the blocks', () => {
        for (const breakEven of [always.rows, always.entries]) {
          const net = networkWith(breakEven, 0.3);
          const [, , ...all] = resultsOf(net);
          const blocks = blocksOf(count);
          const means = all.map((values) => new Float32Array(values.length));
          for (let block = 0; block < blocks; block++) {
            net.differentiate('sampled', block);
            net.parameters.forEach((each, i) => {
              const values = atOnce(net.readGradient(each));
              means[i] = means[i].map((mean, at) => mean + values[at] / blocks);
            });
          }
          means.forEach((mean, i) => void assertClose(mean, all[i], 1e-4));
        }
      });

      test('a last, partial batch: samples past its end leave no trace', () => {
        for (const samples of [1, 15, 16, 17, 31, 33]) {
          const fresh = resultsOf(networkWith(defaultBreakEven, 0.3), samples);
          const used = networkWith(defaultBreakEven, 0.3);
          resultsOf(used);
          forget(used);
          assert.deepEqual(resultsOf(used, samples), fresh, `${samples} samples`);
        }
      });

      test('a batch leaves nothing in the memory that gradients share', () => {
        const [first, fresh] = [0, 1].map(() => networkWith(defaultBreakEven, 0.3, 24));
        resultsOf(first, 24, 0);
        forget(first);
        assert.deepEqual(resultsOf(first, 21, 24), resultsOf(fresh, 21, 24));
      });

      test('predictions do not depend on the batch size', () => {
        const expected = atOnce(networkWith(defaultBreakEven, 0.3).predict(inputs));
        for (const batchSize of [1, 7, 16, 100]) {
          const net = networkWith(defaultBreakEven, 0.3, batchSize);
          assert.deepEqual(net.predict(inputs), expected, `batch size ${batchSize}`);
        }
      });
    });
  }
}
