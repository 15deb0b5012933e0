import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { samples } from '#lib/data/index.js';
import { decodeSafetensors, encodeSafetensors, type Tensor, UserError } from '#lib/files/index.js';
import { sizeOf, stream } from '#lib/math/index.js';
import {
  type ConfigInput,
  decodeCheckpoint,
  decodeModel,
  describeModel,
  encodeCheckpoint,
  encodeModel,
  evaluate,
  type ModelDescription,
  openModel,
  presets,
  resolveConfig,
  type TrainingData,
  train,
} from '#lib/train/index.js';
import { bits, timeless, toyConfig, toyData } from './toy.js';

const toy = toyData();
const data: TrainingData = {
  ...toy,
  name: 'toy',
  classNames: ['red', 'green', 'blue', '\u001b[31m'],
  mean: [0.1],
  std: [2],
};

/** A small run of the toy, and its model's file. */
async function trained(changes: Partial<ConfigInput> = {}, on: TrainingData = data) {
  const result = await train(toyConfig({ epochs: 2, ...changes }), { data: on, threads: 1 });
  const { model, weights, network, summary, checkpoint, config } = result;
  const inputs = toy.test.inputs as Float32Array;
  const outputs = await network.predict(inputs);
  result.close();
  const bytes = encodeModel(model, weights);
  return { bytes, inputs, outputs, summary, checkpoint, config, weights, model };
}

test('a model opens from its bytes, with no data, and predicts to the same bits', async () => {
  const { bytes, inputs, outputs, summary } = await trained();
  const model = await openModel(bytes, { threads: 2, batchSize: 16 });
  try {
    assert.deepEqual(model.description.shape, [1, 6, 6]);
    assert.deepEqual(model.description.network.input, [36]);
    assert.deepEqual(model.description.normalization, { mean: [0.1], std: [2] });
    assert.deepEqual(model.description.classNames, data.classNames);
    assert.equal(model.description.data, 'toy');
    assert.deepEqual(model.outputShape, [4]);
    assert.deepEqual(await model.predict(inputs), outputs);
    assert.deepEqual(await model.evaluate(toy.test), summary.test);
    const { loss } = await model.evaluate(toy.test, Int32Array.of(3, 4));
    assert.ok(loss > 0 && loss !== summary.test!.loss);
  } finally {
    model.close();
  }
});

test('classes come with their names and probabilities, the most probable first', async () => {
  const { bytes, inputs, outputs } = await trained();
  const model = await openModel(bytes, { threads: 1 });
  try {
    const found = await model.classify(inputs, 4);
    assert.equal(found.length, toy.test.count);
    for (const [i, ranked] of found.entries()) {
      const logits = outputs.subarray(4 * i, 4 * i + 4);
      const sum = logits.reduce((total, logit) => total + Math.exp(logit), 0);
      assert.deepEqual(ranked.map(({ label }) => label).sort(), [0, 1, 2, 3]);
      for (const [rank, { label, name, probability }] of ranked.entries()) {
        assert.ok(Math.abs(probability - Math.exp(logits[label]) / sum) < 1e-12);
        assert.equal(name, data.classNames![label]);
        if (rank > 0) assert.ok(probability <= ranked[rank - 1].probability);
      }
    }
    const single = await model.classify(inputs.subarray(0, 36));
    assert.deepEqual(single, [found[0].slice(0, 3)]);
    await assert.rejects(model.predict(inputs.subarray(1)), /no multiple of 36/);
  } finally {
    model.close();
  }
});

test('bytes mean value / 255, whatever the network was trained on', async () => {
  const { bytes } = await trained();
  const model = await openModel(bytes, { threads: 1 });
  const random = stream(3, 'bytes');
  const pixels = Uint8Array.from({ length: 5 * 36 }, () => random.below(256));
  const values = Float32Array.from(pixels, (byte) => byte / 255);
  try {
    const ofBytes = await model.predict(pixels);
    const ofValues = await model.predict(values);
    for (const [i, output] of ofBytes.entries()) assert.ok(Math.abs(output - ofValues[i]) < 1e-4);
  } finally {
    model.close();
  }
});

test('a network without names of classes numbers them; one of values has none', async () => {
  const { bytes, inputs } = await trained({}, toy);
  const model = await openModel(bytes, { threads: 1 });
  const [[{ name, label }]] = await model.classify(inputs.subarray(0, 36), 1);
  model.close();
  assert.equal(name, String(label));

  const shape = [1, 6, 6];
  const values = samples(toy.train.inputs, shape, {
    kind: 'values',
    values: Float32Array.from(toy.train.inputs),
    shape,
  });
  const of = await trained({ loss: 'squared-error' }, { train: values });
  const restoring = await openModel(of.bytes, { threads: 1, source: 'x' });
  assert.deepEqual(await restoring.predict(of.inputs), of.outputs);
  await assert.rejects(restoring.classify(of.inputs), /^UserError: x: the network answers with/);
  await assert.rejects(restoring.evaluate(toy.test), /x: a squared-error network is not scored on/);
  restoring.close();
});

test('samples that do not fit a model are refused', async () => {
  const { bytes } = await trained();
  const model = await openModel(bytes, { threads: 1, source: 'x' });
  const flat = samples(new Float32Array(72), [36], [0, 1]);
  await assert.rejects(model.evaluate(flat), {
    name: 'UserError',
    message: 'x: it takes 1 × 6 × 6, the samples are 36',
  });
  const more = samples(new Float32Array(36), [1, 6, 6], [0], { classes: 5 });
  await assert.rejects(model.evaluate(more), /x: it has 4 outputs, the samples ask for 5/);
  const fewer = samples(new Float32Array(36), [1, 6, 6], [0], { classes: 2 });
  assert.ok(Number.isFinite((await model.evaluate(fewer)).loss));
  model.close();
  await assert.rejects(
    train(toyConfig(), { data: { ...data, classNames: ['a', 'b'] }, threads: 1 }),
    { name: 'UserError', message: 'classNames: 2 names for 4 classes' },
  );
});

test('the weights of a model’s file are those of any safetensors file', async () => {
  const { bytes, weights } = await trained();
  assert.deepEqual(bits(decodeSafetensors(bytes, 'x').tensors), bits(weights));
  const plain = encodeSafetensors(weights);
  assert.equal(decodeModel(plain).description, undefined);
  await assert.rejects(openModel(plain, { source: 'x' }), /^UserError: x: it does not say what/);
});

test('the networks of all presets survive the way through a file', () => {
  for (const [name, { config: input }] of Object.entries(presets)) {
    const config = resolveConfig(input);
    const isColour = config.data === 'cifar10';
    const shape = isColour ? [3, 32, 32] : [1, 28, 28];
    const inputs = new Float32Array(sizeOf(shape));
    const targets = config.task
      ? { kind: 'values' as const, values: inputs, shape }
      : { kind: 'classes' as const, labels: Uint8Array.of(0), classes: 10 };
    const channels = shape[0];
    const description = describeModel(config, {
      name: config.data,
      train: { count: 1, inputs, shape, targets },
      mean: Array.from({ length: channels }, () => 0.5),
      std: Array.from({ length: channels }, () => 0.25),
      classNames: Array.from({ length: 10 }, (_, i) => `class ${i}`),
    });
    const { description: found } = decodeModel(encodeModel(description, new Map()), name);
    assert.deepEqual(found, description, name);
    assert.equal(found!.classNames === undefined, config.task !== null);
  }
});

/** A small file whose description is changed. */
function withDescription(
  change: (description: Record<string, unknown>) => unknown,
  weights: ReadonlyMap<string, Tensor>,
  model: ModelDescription,
): Uint8Array {
  const { metadata } = decodeSafetensors(encodeModel(model, weights), 'x');
  const changed = change(JSON.parse(metadata.bregman));
  const json = typeof changed === 'string' ? changed : JSON.stringify(changed);
  return encodeSafetensors(weights, { bregman: json });
}

test('a description that is damaged, or does not fit, is refused in one line', async () => {
  const { weights, model } = await trained();
  const { network } = model;
  const layers = network.layers.slice();
  const nested = '['.repeat(50_000) + ']'.repeat(50_000);
  const deep = JSON.stringify({ format: 1, ...model, loss: 'deep' }).replace('"deep"', nested);
  const hidden = (outputs: number) => ({
    ...network,
    layers: layers.map((each, i) =>
      i === 0 ? { ...each, layer: { kind: 'linear', outputs } } : each,
    ),
  });
  const changes: [(description: Record<string, unknown>) => unknown, RegExp][] = [
    [() => null, /metadata bregman: null is not allowed/],
    [() => [], /metadata bregman: /],
    [
      (d) => ({ ...d, format: 2 }),
      /its format 2 is of a later version of bregman; this one reads 1/,
    ],
    [(d) => ({ ...d, format: '1' }), /format: "1" is not allowed/],
    [(d) => ({ ...d, more: 1 }), /more: unknown key/],
    [(d) => ({ ...d, network: undefined }), /network: is missing/],
    [() => deep, /loss: \[\[\[\[.* is not allowed; it must be one of/],
    [() => '{', /no valid JSON/],
    [(d) => ({ ...d, shape: [36] }), /^(?!)/],
    [(d) => ({ ...d, shape: [1, 6, 7] }), /samples of 1 × 6 × 7 do not fit the network's 36/],
    [(d) => ({ ...d, shape: [] }), /shape: \[\] is not allowed/],
    [(d) => ({ ...d, shape: [-1, -6, 6] }), /shape.0: -1 is not allowed/],
    [(d) => ({ ...d, shape: [1e308, 1e308] }), /shape.0: 1e\+308 is not allowed/],
    [(d) => ({ ...d, loss: 'hinge' }), /loss: "hinge" is not allowed/],
    [(d) => ({ ...d, loss: 'squared-error' }), /loss: squared-error goes without names/],
    [(d) => ({ ...d, classNames: ['a'] }), /1 names for the 4 outputs/],
    [(d) => ({ ...d, classNames: [1, 2, 3, 4] }), /classNames.0: 1 is not allowed/],
    [(d) => ({ ...d, normalization: { mean: [0], std: [0] } }), /std.0: 0 is not allowed/],
    [(d) => ({ ...d, normalization: { mean: [0, 1], std: [1, 1] } }), /mean and std do not fit/],
    [(d) => ({ ...d, task: { kind: 'denoise', noise: 0.1 } }), /task: "denoise" needs images/],
    [(d) => ({ ...d, network: { ...network, layers: [] } }), /layers: \[\] is not allowed/],
    [
      (d) => ({ ...d, network: { ...network, layers: [...layers, layers[0]] } }),
      /network: two layers are named 'fc1'/,
    ],
    [
      (d) => ({ ...d, network: { ...network, layers: [{ name: 'a', layer: { kind: 'evil' } }] } }),
      /layers.0.layer.kind: "evil" is not allowed/,
    ],
    [
      (d) => ({
        ...d,
        network: { input: [36], layers: layers.slice(0, 1) },
        classNames: undefined,
      }),
      /^(?!)/,
    ],
    [
      (d) => ({ ...d, network: hidden(2 ** 40) }),
      /fc1.weight is 20 × 36, the network's is 10995116277/,
    ],
    [(d) => ({ ...d, network: hidden(19) }), /fc1.weight is 20 × 36, the network's is 19 × 36/],
    [(d) => ({ ...d, network: hidden(0) }), /outputs: 0 is not allowed/],
  ];
  for (const [change, message] of changes) {
    const bytes = withDescription(change, weights, model);
    const opened = openModel(bytes, { threads: 1, source: 'a.safetensors' });
    // What is odd and still fits opens.
    if (message.source === '^(?!)') {
      (await opened).close();
      continue;
    }
    await assert.rejects(opened, (error: Error) => {
      assert.ok(error instanceof UserError, error.stack);
      assert.match(error.message, /^a\.safetensors: /);
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /\n/);
      return true;
    });
  }
});

test('a network without weights may ask for any memory, and is refused', async () => {
  const vast = { input: [1, 60_000, 60_000], layers: [] as object[] };
  vast.layers = [
    { name: 'pool', layer: { kind: 'average-pool2d', size: 60_000 } },
    { name: 'flat', layer: { kind: 'flatten' } },
  ];
  const json = JSON.stringify({
    format: 1,
    network: vast,
    shape: vast.input,
    loss: 'cross-entropy',
  });
  const bytes = encodeSafetensors(new Map(), { bregman: json });
  const model = await openModel(bytes, { threads: 1, source: 'x' });
  await assert.rejects(
    model.predict(new Uint8Array(0)),
    /^UserError: x: a batch of 16 needs \d+ MiB/,
  );
  model.close();
});

test('whatever happens to a file’s bytes, it opens or is refused as damaged', async () => {
  const { bytes } = await trained({ epochs: 1 });
  const header = 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const damage = fc.record({
    at: fc.nat(header - 1),
    with: fc.constantFrom(...'0123456789{}[]",:.eE-+ \\nulltrue\u0000').map((c) => c.charCodeAt(0)),
    keep: fc.option(fc.nat(bytes.length - 1), { freq: 8 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(damage, { minLength: 1, maxLength: 3 }), async (all) => {
      let damaged = bytes.slice();
      for (const each of all) {
        if (each.at < damaged.length) damaged[each.at] = each.with;
        if (each.keep !== null) damaged = damaged.slice(0, each.keep);
      }
      try {
        (await openModel(damaged, { threads: 1 })).close();
      } catch (error) {
        assert.ok(error instanceof UserError, (error as Error).stack);
        assert.doesNotMatch(error.message, /\n/);
      }
    }),
    { numRuns: 300 },
  );
});

test('evaluate scores weights on each part of the data as training did', async () => {
  const { config, weights, summary } = await trained();
  assert.deepEqual(await evaluate(config, weights, { data, threads: 1 }), summary.test);
  const validation = await evaluate(config, weights, { data, split: 'validation' });
  const training = await evaluate(config, weights, { data, split: 'train' });
  assert.notDeepEqual(validation, training);
  const { test: _, ...untested } = data;
  await assert.rejects(evaluate(config, weights, { data: untested }), /^UserError: test: the data/);
  await assert.rejects(
    evaluate({ ...config, validation: 0 }, weights, { data, split: 'validation' }),
    /^UserError: validation: the data have no such samples/,
  );
});

test('the state of a run goes to bytes and back, and the run on to the same bits', async () => {
  const options = { data, threads: 1 };
  const straight = await train(toyConfig({ epochs: 4 }), options);
  straight.close();
  const first = await train(toyConfig({ epochs: 2 }), options);
  first.close();
  const bytes = encodeCheckpoint(first.checkpoint);
  const resume = decodeCheckpoint(bytes);
  assert.deepEqual(resume.progress, first.checkpoint.progress);
  const second = await train(toyConfig({ epochs: 4 }), { ...options, resume });
  second.close();
  assert.deepEqual(bits(second.weights), bits(straight.weights));
  assert.deepEqual(timeless([...first.metrics, ...second.metrics]), timeless(straight.metrics));

  assert.throws(() => decodeCheckpoint(bytes.slice(0, -1), 'x'), /^UserError: x: not a valid/);
  const bare = encodeSafetensors(first.weights);
  assert.throws(() => decodeCheckpoint(bare, 'x'), /^UserError: x: it holds no state of a run/);
  const odd = encodeSafetensors(first.weights, { progress: '{"trainer":{"epoch":-1}}' });
  assert.throws(
    () => decodeCheckpoint(odd, 'x'),
    /^UserError: x: trainer.epoch: -1 is not allowed/,
  );
});
