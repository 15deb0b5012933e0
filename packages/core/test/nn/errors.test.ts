import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import type { CompileOptions } from '#lib/backend/index.js';
import { type Layer, network } from '#lib/graph/index.js';
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
  tanh,
} from '#lib/layers/index.js';
import { atOnce } from '../at-once.js';
import { backends } from '../backends.js';

for (const { name, skip, create } of backends)
  describe(`errors, ${name}`, { skip }, async () => {
    if (skip) return;
    const backend = await create();
    after(() => backend.close());

    const order = [0, 1, 2, 3, 4, 5, 6, 7];
    const networkWith = (
      layers: Parameters<typeof network>[1] = [linear(3)],
      options: Partial<CompileOptions> = {},
      input = [2],
    ) => backend.compile(network(input, layers), { batchSize: 4, ...options });

    describe('a network that does not fit names the layer', () => {
      test('no outputs', () => {
        const message =
          "layer 'fc' (linear, input 2 from 'input'): outputs must be a whole number from 1 on, not 0";
        assert.throws(() => networkWith([['fc', linear(0)]]), { message });
        assert.throws(() => networkWith([linear(3), relu(), linear(2.5)]), /layer '2' .*2\.5/);
      });
      test('an empty input', () => {
        assert.throws(() => networkWith([['fc', linear(3)]], {}, [3, 0]), /'fc' .* 3 × 0.* empty/);
      });
      test('a slope that is none', () => {
        assert.throws(() => networkWith([leakyRelu(0)]), /layer '0' \(leaky-relu, .* not 0/);
        assert.throws(() => networkWith([leakyRelu(NaN)]), /not NaN/);
      });
      test('an unknown kind', () => {
        const layer: Layer = { kind: 'toString' };
        const expected =
          /layer 'odd' \(toString, .*unknown kind of layer 'toString'; there are linear, /;
        assert.throws(() => networkWith([linear(1), ['odd', layer]]), expected);
      });
      test('shapes that do not meet, with the layers that they come from', () => {
        const branches = (join: Layer) => () =>
          networkWith(
            [
              ['a', conv2d(3, 3)],
              ['b', conv2d(4, 2), 'input'],
              ['join', join, 'a', 'b'],
            ],
            {},
            [2, 5, 5],
          );
        const inputs = "input 3 × 3 × 3 from 'a', 4 × 4 × 4 from 'b'";
        for (const [join, problem] of [
          [add(), 'its inputs are 3 × 3 × 3 and 4 × 4 × 4'],
          [scaledAdd(), 'its inputs are 3 × 3 × 3 and 4 × 4 × 4'],
          [concatenate(), 'its inputs are 3 × 3 × 3 and 4 × 4 × 4'],
          [batchNorm2d(), 'the skip connection is 4 × 4 × 4, not 3 × 3 × 3'],
        ] as const) {
          const message = `layer 'join' (${join.kind}, ${inputs}): ${problem}`;
          assert.throws(branches(join), { message });
        }
      });
      test('an image where there is none', () => {
        for (const layer of [conv2d(3, 1), batchNorm2d(), maxPool2d(2), globalAveragePool2d()]) {
          const message = `layer 'odd' (${layer.kind}, input 4 from '0'): the input must be an image (channels × height × width), not 4`;
          assert.throws(() => networkWith([linear(4), ['odd', layer]]), { message });
        }
        const joined = () => networkWith([linear(4), ['odd', concatenate(), '0', '0']]);
        assert.throws(joined, /layer 'odd' .* must be an image/);
      });
      test('kernels and windows larger than the image', () => {
        const image = [1, 4, 6];
        assert.throws(() => networkWith([conv2d(2, 5)], {}, image), {
          message:
            "layer '0' (conv2d, input 1 × 4 × 6 from 'input'): kernels of 5 × 5 do not fit an image of 4 × 6",
        });
        assert.doesNotThrow(() =>
          networkWith([conv2d(2, 5, { padding: 1 }), flatten()], {}, image),
        );
        assert.throws(() => networkWith([maxPool2d(5)], {}, image), /windows of 5 × 5 do not fit/);
        assert.throws(
          () => networkWith([averagePool2d(2, { padding: 2 })], {}, image),
          /do not fit/,
        );
        assert.throws(
          () => networkWith([globalAveragePool2d()], {}, image),
          /needs a square image/,
        );
      });
      test('numbers of a convolution or a pool that are none', () => {
        const image = [1, 4, 4];
        const expectations: [Layer, RegExp][] = [
          [conv2d(0, 3), /channels must be a whole number from 1 on, not 0/],
          [conv2d(2, 1.5), /size must be/],
          [conv2d(2, 2, { stride: 0 }), /stride must be/],
          [conv2d(2, 2, { padding: -1 }), /padding must be a whole number from 0 on, not -1/],
          [maxPool2d(0), /size must be/],
          [averagePool2d(2, { stride: 0.5 }), /stride must be/],
          [maxPool2d(2, { padding: NaN }), /padding must be/],
        ];
        for (const [layer, expected] of expectations) {
          assert.throws(() => networkWith([['odd', layer]], {}, image), expected);
          assert.throws(() => networkWith([['odd', layer]], {}, image), /layer 'odd'/);
        }
      });
      const onlyWasm = backend.name !== 'wasm' && 'the kernels have such a limit';
      test('rows of an image that are too wide for a convolution', { skip: onlyWasm }, () => {
        const build = () => networkWith([conv2d(1, 1), flatten(), linear(2)], {}, [1, 1, 1025]);
        assert.throws(build, /layer '0' \(conv2d\): rows of 1025 are wider than 1024/);
        assert.doesNotThrow(() =>
          networkWith([conv2d(1, 1), flatten(), linear(2)], {}, [1, 1, 1024]),
        );
      });
      test('a layer that nobody reads', () => {
        const message = "layer 'b' (relu): no other layer reads it, and it is not the last";
        const idle = [
          ['a', linear(3)] as const,
          ['b', relu()] as const,
          ['c', tanh(), 'a'] as const,
        ];
        assert.throws(() => networkWith(idle), { message });
      });
      test('wrong counts of inputs', () => {
        const a = ['a', linear(3)] as const;
        const expectations: [Layer, string[], string][] = [
          [linear(2), ['a', 'a'], '1 inputs, not 2'],
          [add(), ['a'], '2 inputs, not 1'],
          [add(), ['a', 'a', 'a'], '2 inputs, not 3'],
          [concatenate(), ['a'], 'several inputs, not 1'],
          [batchNorm2d(), ['a', 'a', 'a'], '1 or 2 inputs, not 3'],
        ];
        for (const [layer, inputs, expected] of expectations) {
          const from = inputs.map((each) => `3 from '${each}'`).join(', ');
          const message = `layer 'b' (${layer.kind}, input ${from}): it takes ${expected}`;
          assert.throws(() => networkWith([a, ['b', layer, ...inputs]]), { message });
        }
      });
      test('an input that is not there, or comes later', () => {
        const message = "layer 'a': there is no layer 'b' before it";
        assert.throws(
          () =>
            networkWith([
              ['a', relu(), 'b'],
              ['b', linear(3)],
            ]),
          { message },
        );
        assert.throws(() => networkWith([['a', relu(), 'a']]), /no layer 'a' before it/);
      });
      test('zeros between the features of a linear layer or of the logits', {
        skip: onlyWasm,
      }, () => {
        const padded = conv2d(3, 3, { padding: 1 });
        const twice = [['first', padded] as const, padded];
        const image = [1, 4, 4];
        const message =
          "layer 'fc' (linear): its input is laid out for a convolution: put flatten() before this layer";
        assert.throws(() => networkWith([...twice, ['fc', linear(2)]], {}, image), { message });
        assert.doesNotThrow(() => networkWith([...twice, flatten(), ['fc', linear(2)]], {}, image));
        assert.throws(() => networkWith(twice, {}, image), /laid out for a convolution: end in/);
      });
      test('a network without layers, a layer named like the input', () => {
        assert.throws(() => networkWith([]), /a network needs a layer/);
        assert.throws(() => networkWith([['input', linear(3)]]), /two layers are named 'input'/);
      });
      test('a name used twice', () => {
        const twice = [['fc', linear(3)] as const, relu(), ['fc', linear(3)] as const];
        assert.throws(() => networkWith(twice), { message: "two layers are named 'fc'" });
      });
    });

    test('a batch size that is none', () => {
      for (const batchSize of [0, -1, 1.5, NaN]) {
        assert.throws(() => networkWith([linear(3)], { batchSize }), /^RangeError: batch size: /);
      }
    });

    describe('data of the wrong size', () => {
      test('parameters', () => {
        const net = networkWith([['fc', linear(3)]]);
        const [weight] = net.parameters;
        const message = 'fc.weight holds 6 numbers, not 5';
        assert.throws(() => net.write(weight, new Float32Array(5)), {
          name: 'RangeError',
          message,
        });
      });
      test('a batch', () => {
        const net = networkWith();
        const inputs = new Float32Array(16);
        for (const count of [0, -1, 5, NaN]) {
          assert.throws(() => net.loadInputs(inputs, order, 0, count), /do not fit a batch of 4/);
        }
      });
      test('inputs of the other type', () => {
        const bytes = new Uint8Array(16);
        const floats = new Float32Array(16);
        assert.throws(() => networkWith().loadInputs(bytes, order, 0, 4), /compiled for floats/);
        const ofBytes = networkWith([linear(3)], { inputType: 'bytes' });
        assert.throws(() => ofBytes.loadInputs(floats, order, 0, 4), /compiled for bytes/);
      });
      test('inputs to predict from', () => {
        const message = '5 inputs are no multiple of 2';
        assert.throws(() => networkWith().predict(new Float32Array(5)), { message });
        assert.equal(atOnce(networkWith().predict(new Float32Array(0))).length, 0);
      });
      test('a batch without labels, or after predicting: none is loaded', () => {
        const net = networkWith();
        const inputs = new Float32Array(16);
        const labels = new Uint8Array(8);
        assert.throws(() => net.evaluate(), /no batch is loaded/);
        net.loadInputs(inputs, order, 0, 4);
        assert.throws(() => net.evaluate(), /has no labels or targets/);
        assert.throws(() => net.loadLabels([0, 0, 3, 0], order, 0), /label 3 of sample 2/);
        assert.throws(() => net.differentiate(), /has no labels or targets/);
        net.loadLabels(labels, order, 0);
        assert.equal(atOnce(net.evaluate()).samples, 4);
        net.loadInputs(inputs, order, 0, 4);
        assert.throws(() => net.evaluate(), /has no labels or targets/);
        net.loadLabels(labels, order, 0);
        net.predict(inputs);
        assert.throws(() => net.evaluate(), /no batch is loaded/);
      });
      test('a block that the batch does not have', () => {
        const net = networkWith();
        net.loadInputs(new Float32Array(8), order, 0, 4);
        net.loadLabels(new Uint8Array(8), order, 0);
        for (const block of [1, -1, NaN]) {
          assert.throws(() => net.differentiate('sampled', block), /4 samples have no block/);
        }
      });
    });
  });
