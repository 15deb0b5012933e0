import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Engine } from '#lib/engine/index.js';
import {
  type CompileOptions,
  type Layer,
  leakyRelu,
  linear,
  Network,
  network,
  relu,
} from '#lib/nn/index.js';

let engine: Engine;
before(async () => {
  engine = await Engine.create({ threads: 1 });
});
after(() => engine.close());

const order = [0, 1, 2, 3, 4, 5, 6, 7];
const networkWith = (
  layers: Parameters<typeof network>[1] = [linear(3)],
  options: Partial<CompileOptions> = {},
  input = [2],
) => new Network(engine, network(input, layers), { batchSize: 4, ...options });

describe('a network that does not fit names the layer', () => {
  test('no outputs', () => {
    const message = "layer 'fc' (linear, input 2): outputs must be a whole number from 1 on, not 0";
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
    assert.throws(() => net.write(weight, new Float32Array(5)), { name: 'RangeError', message });
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
    assert.equal(networkWith().predict(new Float32Array(0)).length, 0);
  });
});
