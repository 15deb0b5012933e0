/** What the user has to mend is translated; a fault of ours stays what it is. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WasmBackend } from '#lib/backend/index.js';
import { samples } from '#lib/data/index.js';
import { UserError } from '#lib/files/index.js';
import { type Layer, network } from '#lib/graph/index.js';
import { linear } from '#lib/layers/index.js';
import { discrepancy, plateau } from '#lib/optim/index.js';
import { build, ConfigError, parse } from '#lib/schema/index.js';
import { type Checkpoint, DamagedRunError, type TrainingData, train } from '#lib/train/index.js';
import { toyConfig, toyData } from './toy.js';

const data = toyData();
const broken = new TypeError('cannot read properties of undefined');
const fail = (): never => {
  throw broken;
};

test('what is built from a configuration fails as the user’s fault only where it is', () => {
  assert.throws(() => build('model', fail), broken);
  const told = new UserError('two layers are named alike');
  assert.throws(
    () => {
      build('model', () => {
        throw told;
      });
    },
    (error: Error) => {
      assert.ok(error instanceof ConfigError);
      assert.equal(error.message, 'model: two layers are named alike');
      assert.equal(error.cause, told);
      return true;
    },
  );
});

test('a fault within a layer is not blamed on the network', async () => {
  const backend = await WasmBackend.create({ threads: 1 });
  try {
    const faulty: Layer = Object.defineProperty({ ...linear(3) }, 'outputs', { get: fail });
    const options = { batchSize: 4 };
    assert.throws(() => backend.compile(network([2], [faulty]), options), broken);
    const odd = network([2], [linear(0)]);
    assert.throws(() => backend.compile(odd, options), UserError);
  } finally {
    backend.close();
  }
});

test('JSON that cannot be read is the user’s fault, a fault of the reader is not', (t) => {
  assert.throws(() => parse('{', 'x.json'), /^UserError: x.json: no valid JSON/);
  t.mock.method(JSON, 'parse', fail);
  assert.throws(() => parse('{}', 'x.json'), broken);
});

test('a state that does not fit is damaged, a fault while it is restored is not', async () => {
  const kept: Checkpoint[] = [];
  const config = toyConfig({ epochs: 1, schedule: { kind: 'plateau' } });
  const observers = [{ onCheckpoint: (each: Checkpoint) => void kept.push(each) }];
  (await train(config, { data, threads: 1, observers })).close();
  const { progress, weights, optimizer } = kept.at(-1)!;
  const tensors = new Map([...weights, ...optimizer]);
  const resume = (changed: Partial<typeof progress.trainer>, given = tensors) =>
    train(
      { ...config, epochs: 2 },
      {
        data,
        threads: 1,
        resume: {
          progress: { ...progress, trainer: { ...progress.trainer, ...changed } },
          tensors: given,
        },
      },
    );
  (await resume({})).close();

  const unreadable = new Map(tensors);
  unreadable.get = fail;
  await assert.rejects(resume({}, unreadable), broken);

  const without = (name: string) => new Map([...tensors].filter(([each]) => each !== name));
  const damaged: [() => Promise<unknown>, RegExp][] = [
    [() => resume({}, without('fc1.weight')), /checkpoint: fc1.weight is missing/],
    [
      () => resume({}, without('fc1.weight.subgradient')),
      /optimizer state 'fc1.weight.subgradient': 720 numbers expected, none found/,
    ],
    [
      () => resume({ batch: 11 }),
      /checkpoint: it is 11 batches into an epoch, which has 10; it is damaged, or of other data$/,
    ],
    [() => resume({ lambdas: [] }), /it is of 0 parameter groups, the optimizer has 2/],
    [() => resume({ schedules: [null, null] }), /checkpoint: plateau: null is not allowed/],
    [
      () => resume({ schedules: [{ rate: 'x' }, {}] }),
      /checkpoint: plateau: rate: "x" is not allowed; it must be a number/,
    ],
  ];
  for (const [attempt, message] of damaged) {
    await assert.rejects(attempt, (error: Error) => {
      assert.ok(error instanceof DamagedRunError, String(error.stack));
      assert.match(error.message, message);
      return true;
    });
  }
});

test('a schedule and a policy refuse states that are none', () => {
  for (const state of [null, undefined, 5, {}, { waiting: '1' }, { rate: 1 }] as never[]) {
    assert.throws(() => plateau(0.1).restore(state), /^UserError: checkpoint: plateau: /);
    assert.throws(
      () => discrepancy({ target: 0.1 }).restore(state),
      /^UserError: checkpoint: discrepancy: /,
    );
  }
  const schedule = plateau(0.1, { patience: 0 });
  for (const loss of [3, 2, 2, 2]) schedule.observe?.(loss);
  const other = plateau(0.1);
  other.restore(schedule.state());
  assert.deepEqual(other.state(), schedule.state());
});

test('test data of another kind than those trained on are refused before the training', async () => {
  const [classes, values] = [data.train, data.test].map(({ inputs, shape, count }, i) =>
    samples(
      inputs,
      shape,
      i === 0
        ? { kind: 'classes', labels: new Uint8Array(count), classes: 2 }
        : { kind: 'values', shape: [2], values: new Float32Array(2 * count) },
    ),
  );
  const config = (loss: 'cross-entropy' | 'squared-error') => toyConfig({ epochs: 1, loss });
  const mixed: [Parameters<typeof train>[0], TrainingData][] = [
    [config('cross-entropy'), { train: classes, test: values }],
    [config('squared-error'), { train: values, test: classes }],
  ];
  for (const [each, given] of mixed) {
    await assert.rejects(train(each, { data: given, threads: 1 }), /^UserError: test targets are /);
  }
  const { inputs, shape, count } = data.test;
  const fewer = { kind: 'values', shape: [1], values: new Float32Array(count) } as const;
  const smaller = { train: values, test: samples(inputs, shape, fewer) };
  await assert.rejects(
    train(config('squared-error'), { data: smaller, threads: 1 }),
    /^UserError: test targets have 1 values, training targets 2/,
  );
});

test('an epoch’s observer is waited for, and its failure ends the training', async () => {
  const onEpoch = async () => {
    await new Promise((resolve) => setTimeout(resolve, 1));
    throw broken;
  };
  await assert.rejects(train(toyConfig({ epochs: 1 }), { data, threads: 1, onEpoch }), broken);
});
