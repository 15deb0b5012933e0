import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { type Network, WasmBackend } from '#lib/backend/index.js';
import { network } from '#lib/graph/index.js';
import { linear } from '#lib/layers/index.js';
import { denseStart, initialize } from '#lib/train/initialize.js';
import { atOnce } from '../at-once.js';
import { backends } from '../backends.js';
import { normals } from './site.js';

for (const { name, skip, create } of backends)
  describe(`samples held, ${name}`, { skip }, async () => {
    if (skip) return;
    const backend = await create();
    after(() => backend.close());
    const FEATURES = 12;
    const many = normals(100 * FEATURES, 1);
    const few = normals(20 * FEATURES, 2);
    const order = Int32Array.from({ length: 16 }, (_, i) => (i * 7) % 20);
    const labels = Uint8Array.from({ length: 100 }, (_, i) => i % 3);

    const make = () => {
      const net = backend.compile(network([FEATURES], [linear(3)]), {
        batchSize: 16,
      });
      initialize(net, 1, () => denseStart);
      return net;
    };
    const lossOf = (net: Network, inputs: Float32Array) => {
      net.loadInputs(inputs, order, 0, 16);
      net.loadLabels(labels, order, 0);
      return atOnce(net.evaluate()).loss;
    };
    const copied = make();
    const expected = { many: lossOf(copied, many), few: lossOf(copied, few) };

    test('give what copied ones give, whichever array is held, and beside another one', () => {
      const net = make();
      for (const held of [many, few, many]) {
        net.hold(held);
        assert.equal(lossOf(net, many), expected.many);
        assert.equal(lossOf(net, few), expected.few);
        assert.equal(lossOf(net, many), expected.many);
      }
    });

    const usedBytes = () => (backend instanceof WasmBackend ? backend.engine.usedBytes : 0);
    test('take the place of those before', () => {
      const net = make();
      net.hold(many);
      lossOf(net, many);
      lossOf(net, few);
      const used = usedBytes();
      for (let i = 0; i < 5; i++) {
        net.hold(few);
        lossOf(net, few);
      }
      assert.equal(usedBytes(), used);
    });

    test('are copies: what is written to the array later is not seen', () => {
      const net = make();
      const own = many.slice();
      net.hold(own);
      own.fill(0);
      assert.equal(lossOf(net, own), expected.many);
    });

    test('leave no batch loaded', () => {
      const net = make();
      net.hold(many);
      lossOf(net, many);
      net.hold(few);
      assert.throws(() => net.evaluate(), /no batch is loaded/);
      assert.throws(() => net.differentiate(), /no batch is loaded/);
    });

    test('are refused where they are of the wrong type or missing', () => {
      const net = make();
      assert.throws(() => net.hold(new Uint8Array(24)), /compiled for floats/);
      net.hold(few);
      assert.throws(() => net.loadInputs(few, [20], 0, 1), /there is no sample 20/);
      assert.throws(() => net.loadInputs(few, [-1], 0, 1), /there is no sample -1/);
    });
  });
