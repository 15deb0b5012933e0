import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { type CompileOptions, type Network, WasmBackend } from '#lib/backend/index.js';
import { network } from '#lib/graph/index.js';
import {
  add,
  averagePool2d,
  batchNorm2d,
  concatenate,
  conv2d,
  flatten,
  linear,
  relu,
  scaledAdd,
  tanh,
} from '#lib/layers/index.js';
import { sizeOf } from '#lib/math/index.js';
import { denseStart, initialize } from '#lib/train/initialize.js';
import { atOnce } from '../at-once.js';
import { backends } from '../backends.js';
import * as plain from './plain.js';
import { assertClose } from './plain.js';
import { normals } from './site.js';

const count = 20;
const order = Int32Array.from({ length: count }, (_, i) => i);
const same = { padding: 1 };

for (const { name, skip, create } of backends) {
  describe(`networks as graphs, ${name}`, { skip }, async () => {
    if (skip) return;
    const backend = await create();
    after(() => backend.close());

    const networkOf = (...[input, layers, options]: NetworkArguments) => {
      const net = backend.compile(network(input, layers), {
        batchSize: 32,
        ...options,
      });
      initialize(net, 1, () => ({ ...denseStart, density: 0.8 }));
      return net;
    };
    const valuesOf = (net: Network, name: string) => {
      const parameter = net.parameters.find((each) => each.name === name);
      assert.ok(parameter, name);
      return atOnce(net.read(parameter));
    };

    test('every layer reads the inputs that it names', () => {
      const image = [2, 4, 5] as const;
      const net = networkOf(image, [
        ['a', conv2d(3, 3, same)],
        ['t', tanh()],
        ['b', conv2d(3, 3, same), 'input'],
        ['sum', scaledAdd(), 'b', 't'],
        ['pool', averagePool2d(3, { stride: 1, padding: 1 }), 'a'],
        ['all', concatenate(), 'sum', 'input', 'pool'],
        ['row', flatten()],
        ['fc', linear(3)],
      ]);
      const x = normals(count * sizeOf(image), 1);
      const sizes = { image, channels: 3, size: 3, stride: 1, padding: 1, samples: count };
      const convolved = (name: string) =>
        plain.conv2d(valuesOf(net, `${name}.weight`), valuesOf(net, `${name}.bias`), x, sizes);
      const a = convolved('a');
      const b = convolved('b');
      const [scale] = valuesOf(net, 'sum.weight');
      const sum = b.map((value, i) => value + scale * Math.tanh(a[i]));
      const pool = averagePool2d(3, { stride: 1, padding: 1 });
      const pooled = plain.specify(pool, count, [{ shape: [3, 4, 5], value: a }]).forward();
      const parts = [sum, x, pooled];
      const all = Array.from({ length: count }, (_, s) =>
        parts.flatMap((part) => {
          const size = part.length / count;
          return [...part.subarray(s * size, (s + 1) * size)];
        }),
      ).flat();
      const weight = valuesOf(net, 'fc.weight');
      const bias = valuesOf(net, 'fc.bias');
      const size = { rows: 3, columns: all.length / count, samples: count };
      assertClose(atOnce(net.predict(x)), plain.linear(weight, bias, all, size));
    });

    test('an image as the output, with a halo around it', () => {
      const image = [2, 5, 4] as const;
      const net = networkOf(image, [['a', conv2d(3, 3, same)]], { loss: 'squared-error' });
      const x = normals(count * sizeOf(image), 1);
      const sizes = { image, channels: 3, size: 3, stride: 1, padding: 1, samples: count };
      const expected = plain.conv2d(valuesOf(net, 'a.weight'), valuesOf(net, 'a.bias'), x, sizes);
      assertClose(atOnce(net.predict(x)), expected);

      const targets = normals(expected.length, 2);
      net.loadInputs(x, order, 0, count);
      net.loadTargets(targets, order, 0);
      const { losses } = plain.squaredError(expected, targets, count);
      const total = losses.reduce((sum, loss) => sum + loss, 0);
      assertClose([atOnce(net.evaluate()).loss], [total]);
    });

    test('a loss takes labels or values, and not the other', () => {
      const net = networkOf([2], [linear(2)], { loss: 'squared-error' });
      net.loadInputs(new Float32Array(2), [0], 0, 1);
      assert.throws(() => net.loadLabels([1], [0], 0), /the squared-error loss takes values/);
      const other = networkOf([2], [linear(2)]);
      other.loadInputs(new Float32Array(2), [0], 0, 1);
      assert.throws(() => other.loadTargets(new Float32Array(2), [0], 0), /takes labels/);
    });

    test('normalization by the first axis, whatever the rank', () => {
      for (const input of [[6], [3, 2], [3, 2, 1]]) {
        const normalization = { mean: [1, 2, 3], std: [2, 4, 8] };
        const net = networkOf(input, [flatten(), tanh()], { normalization, loss: 'squared-error' });
        const x = normals(6, 1);
        const expected = x.map((value, i) => {
          const channel = Math.floor(i / 2);
          return Math.tanh((value - normalization.mean[channel]) / normalization.std[channel]);
        });
        assertClose(atOnce(net.predict(x)), expected, 1e-6);
      }
    });

    test('running statistics move in training alone', () => {
      const layers = [conv2d(3, 3), ['norm', batchNorm2d()] as const, flatten(), linear(3)];
      const net = networkOf([2, 5, 5], layers);
      assert.deepEqual(
        net.buffers.map(({ name, shape }) => [name, ...shape]),
        [
          ['norm.running_mean', 3],
          ['norm.running_var', 3],
        ],
      );
      const read = () => net.buffers.map((each) => atOnce(net.read(each)));
      const start = [new Float32Array(3), new Float32Array(3).fill(1)];
      assert.deepEqual(read(), start);
      const x = normals(count * 50, 1);
      net.predict(x);
      net.loadInputs(x, order, 0, count);
      net.loadLabels(new Uint8Array(count), order, 0);
      net.evaluate();
      assert.deepEqual(read(), start);
      net.differentiate();
      assert.notDeepEqual(read(), start);
      // Each batch takes a tenth of the way: what remains of the start is 0.9 ^ 200.
      for (let i = 0; i < 200; i++) net.differentiate();
      const inTraining = atOnce(net.differentiate()).loss;
      // Evaluation has the unbiased variance instead of the biased one.
      assertClose([atOnce(net.evaluate()).loss], [inTraining], 1e-2);
    });

    test('layers in place and those that are not compute the same', () => {
      const x = normals(count * 32, 1);
      const gradientsOf = (layers: NetworkArguments[1]) => {
        const net = networkOf([2, 4, 4], layers);
        net.loadInputs(x, order, 0, count);
        net.loadLabels(
          Uint8Array.from(order, (i) => i % 3),
          order,
          0,
        );
        net.differentiate();
        return net.parameters.map((each) => atOnce(net.readGradient(each)));
      };
      const end = [flatten(), ['fc', linear(3)] as const];
      const start = [
        ['c', conv2d(3, 3, same)] as const,
        ['n', batchNorm2d({ relu: true })] as const,
      ];
      const inPlace = gradientsOf([...start, relu(), tanh(), ...end]);
      // Two readers of everything; the second adds nothing.
      const zero = ['zero', conv2d(3, 1, { bias: false }), 'n'] as const;
      const twice = networkOf(
        [2, 4, 4],
        [...start, zero, ['s', add(), 'n', 'zero'], tanh(), ...end],
      );
      const weight = twice.parameters.find(({ name }) => name === 'zero.weight');
      assert.ok(weight);
      twice.write(weight, new Float32Array(9));
      twice.reindex();
      twice.loadInputs(x, order, 0, count);
      twice.loadLabels(
        Uint8Array.from(order, (i) => i % 3),
        order,
        0,
      );
      twice.differentiate();
      const others = twice.parameters.filter((each) => each !== weight);
      others.forEach((each, i) => void assertClose(atOnce(twice.readGradient(each)), inPlace[i]));
    });

    if (!(backend instanceof WasmBackend)) return;
    test('gradients share memory: each further layer costs one tensor', () => {
      const image = [16, 20, 20];
      const bytesOf = (depth: number) => {
        const before = backend.engine.usedBytes;
        const block = [conv2d(16, 1, { bias: false }), tanh()];
        const blocks = Array.from({ length: depth }, () => block).flat();
        const net = networkOf(image, [...blocks, flatten(), linear(2)]);
        net.loadInputs(normals(count * sizeOf(image), 1), order, 0, count);
        net.loadLabels(new Uint8Array(count), order, 0);
        net.differentiate();
        return backend.engine.usedBytes - before;
      };
      const perLayer = (bytesOf(9) - bytesOf(3)) / 6;
      const tensor = sizeOf(image) * 32 * 4;
      assert.ok(perLayer > tensor && perLayer < 1.2 * tensor, `${perLayer / tensor} tensors`);
    });
  });
}

type NetworkArguments = [
  input: Parameters<typeof network>[0],
  layers: Parameters<typeof network>[1],
  options?: Partial<CompileOptions>,
];
