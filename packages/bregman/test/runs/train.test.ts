import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { version } from '@bregman/core';
import { decodeSafetensors, UserError } from '@bregman/core/files';
import {
  type ConfigInput,
  DivergenceError,
  evaluate,
  inspect,
  resolveConfig,
  type TrainOptions,
  train,
} from '@bregman/core/train';
import { readBytes } from '#lib/files/index.js';
import { nextRunPath, RunDirectory, readMetrics, readSummary, trainRun } from '#lib/runs/index.js';
import {
  bits,
  temporaryFolder,
  timeless,
  toyConfig,
  toyData,
} from '../../../core/test/train/toy.js';

const data = toyData();

/** Trains the toy, and ends its threads. */
async function trainToy(changes: Partial<ConfigInput> = {}, options: Partial<TrainOptions> = {}) {
  const result = await train(toyConfig(changes), { data, threads: 1, ...options });
  result.close();
  return result;
}

async function loadTensors(path: string) {
  return decodeSafetensors(await readBytes(path), path).tensors;
}

test("the version is package.json's", async () => {
  const manifest = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
  assert.equal(version, JSON.parse(manifest).version);
});

test('training yields metrics for each epoch, and learns', async () => {
  const { metrics, summary, ending, weights } = await trainToy({ epochs: 6 });
  assert.equal(ending, 'epochs');
  assert.deepEqual(
    metrics.map(({ epoch }) => epoch),
    [1, 2, 3, 4, 5, 6],
  );
  assert.deepEqual(Object.keys(metrics[0]), [
    'epoch',
    'train',
    'validation',
    'density',
    'regularizer',
    'lambda',
    'learningRate',
    'seconds',
    'samplesPerSecond',
  ]);
  const last = metrics[5];
  assert.ok(last.train.accuracy! > 0.9 && last.train.loss < metrics[0].train.loss);
  assert.deepEqual(Object.keys(last.density.layers), ['fc1', 'fc2']);
  assert.equal(last.density.total, inspect(weights).total.density);
  assert.ok(summary.test!.accuracy! > 0.9);
  assert.equal(summary.epochs, 6);
});

test('without samples held back there is no validation, and the train score decides', async () => {
  const { metrics } = await trainToy({ validation: 0, epochs: 1 });
  assert.ok(!('validation' in metrics[0]));
});

test('an early stop ends the run; best and last are different weights', async (t) => {
  const path = join(await temporaryFolder(t), 'run');
  const noisy = toyData(200, 6);
  const config = resolveConfig(toyConfig({ epochs: 60, earlyStop: { patience: 3 } }));
  const result = await trainRun(await RunDirectory.create(path, config), { data: noisy });
  result.close();
  assert.equal(result.ending, 'early-stop');
  const metrics = await readMetrics(path);
  const accuracies = metrics.map(({ validation }) => validation!.accuracy!);
  assert.equal(accuracies.indexOf(Math.max(...accuracies)), metrics.length - 1 - 3);

  const best = await loadTensors(join(path, 'best.safetensors'));
  const last = await loadTensors(join(path, 'last.safetensors'));
  assert.deepEqual(bits(last), bits(result.weights));
  assert.notDeepEqual(bits(best), bits(last));
  const score = await evaluate(config, best, { data: noisy, split: 'validation' });
  assert.equal(score.accuracy, Math.max(...accuracies));
  assert.deepEqual(await readSummary(path), result.summary);
});

test('the number of threads has no influence on the bits', async () => {
  const one = await trainToy();
  const two = await trainToy({}, { threads: 2 });
  assert.deepEqual(bits(two.weights), bits(one.weights));
  assert.deepEqual(timeless(two.metrics), timeless(one.metrics));
});

test('λ policies and schedules act', async () => {
  const lambdas = async (changes: Partial<ConfigInput>) =>
    (await trainToy(changes)).metrics.map(({ lambda }) => lambda);
  assert.deepEqual(await lambdas({}), [0.02, 0.02, 0.02, 0.02]);
  const values = [0.02, 0.05, 0.1];
  assert.deepEqual(
    await lambdas({ lambdaPolicy: { kind: 'schedule', values } }),
    [0.02, 0.05, 0.1, 0.1],
  );
  const grown = await lambdas({ lambdaPolicy: { kind: 'discrepancy', target: 0, increment: 1 } });
  assert.deepEqual(
    grown.map((lambda) => Math.floor(lambda)),
    [0, 0, 1, 2],
  );
  const { metrics } = await trainToy({
    lambdaPolicy: { kind: 'target-density', density: 0.1, rate: 1, everySteps: 1 },
  });
  assert.ok(Math.abs(metrics[3].density.total - 0.1) < 0.02);
  const stepped = await trainToy({ schedule: { kind: 'step', every: 2, factor: 0.5 } });
  assert.deepEqual(
    stepped.metrics.map(({ learningRate }) => learningRate),
    [0.2, 0.2, 0.1, 0.1],
  );
});

test('every method trains', async () => {
  for (const method of ['linbreg', 'adabreg', 'proxsgd', 'sgd', 'adam', 'lasso'] as const) {
    const learningRate = method === 'adabreg' || method === 'adam' ? 0.01 : 0.1;
    const optimizer = { method, learningRate, lambda: 0.001 };
    const { metrics } = await trainToy({ optimizer });
    assert.ok(metrics[3].train.loss < metrics[0].train.loss, method);
  }
});

test('divergence names the step; in the first epoch no folder stays', async (t) => {
  const path = join(await temporaryFolder(t), 'run');
  const optimizer = { method: 'sgd', learningRate: 1e30, lambda: 0 } as const;
  const run = await RunDirectory.create(path, resolveConfig(toyConfig({ optimizer })));
  await assert.rejects(trainRun(run, { data }), (error) => {
    assert.ok(error instanceof DivergenceError);
    assert.match(error.message, /^training diverged at step \d+ \(epoch 1\): .*no checkpoint yet$/);
    return true;
  });
  await assert.rejects(readFile(join(path, 'config.json')));
});

test('divergence later leaves the last checkpoint, and says where it is', async (t) => {
  const path = join(await temporaryFolder(t), 'run');
  const config = resolveConfig(toyConfig({ schedule: { kind: 'constant' }, epochs: 1 }));
  (await trainRun(await RunDirectory.create(path, config), { data })).close();
  const before = await readFile(join(path, 'state.safetensors'));
  const { run, resume } = await RunDirectory.open(path, 2);
  run.config.optimizer.learningRate = 1e30;
  await assert.rejects(trainRun(run, { data, ...(resume && { resume }) }), (error) => {
    assert.ok(error instanceof DivergenceError && error.epoch === 2 && error.step > 10);
    assert.ok(error.message.endsWith(`the last checkpoint stays in ${path}`));
    return true;
  });
  assert.deepEqual(await readFile(join(path, 'state.safetensors')), before);
});

/** Configurations right in themselves that do not fit the data or one another. */
const unfit: readonly [changes: Partial<ConfigInput>, message: RegExp][] = [
  [{ batchSize: 161 }, /^batchSize: 161 is more than the 160 samples/],
  [{ validation: 200 }, /cannot hold back 200 of 200/],
  [{ loss: 'squared-error' }, /^loss: squared-error does not go with targets that are classes/],
  [
    { model: { kind: 'layers', layers: [{ name: 'a', layer: { kind: 'linear', outputs: 3 } }] } },
    /^model: it ends in 3 outputs, the targets need 4/,
  ],
  [
    {
      model: {
        kind: 'layers',
        layers: [
          { name: 'a', layer: { kind: 'relu' } },
          { name: 'a', layer: { kind: 'relu' } },
        ],
      },
    },
    /^model: two layers are named 'a'/,
  ],
  [{ optimizer: { groups: [{ parameters: ['conv*'] }] } }, /^optimizer.groups.0.parameters: conv/],
  [
    {
      optimizer: { groups: [{ parameters: ['*'], regularizer: { kind: 'group', by: 'columns' } }] },
    },
    /^optimizer: groups by columns need rank 2/,
  ],
  [
    { optimizer: { method: 'sgd' }, lambdaPolicy: { kind: 'target-density', density: 0.1 } },
    /^lambdaPolicy: target-density needs linbreg or adabreg .* not sgd with l1/,
  ],
  [
    {
      optimizer: { regularizer: { kind: 'none' } },
      lambdaPolicy: { kind: 'discrepancy', target: 0.1 },
    },
    /^lambdaPolicy: discrepancy needs .* not linbreg with none/,
  ],
];

test('a configuration that does not fit the data is refused in one line', async () => {
  for (const [changes, message] of unfit) {
    await assert.rejects(trainToy(changes), { message });
  }
});

test('runs get the next free number', async (t) => {
  const parent = await temporaryFolder(t);
  assert.equal(await nextRunPath(join(parent, 'none'), 'a'), join(parent, 'none', 'a-1'));
  const config = resolveConfig(toyConfig());
  for (const name of ['a-1', 'a-9', 'a-b-20', 'a-x']) {
    await RunDirectory.create(join(parent, name), config);
  }
  assert.equal(await nextRunPath(parent, 'a'), join(parent, 'a-10'));
});

test('inspect counts weights, rows and columns', () => {
  const data = Float32Array.of(0, 1, 0, 0, 2, -0);
  const report = inspect(
    new Map([
      ['fc.weight', { shape: [2, 3], data }],
      ['fc.bias', { shape: [2], data: Float32Array.of(1, 1) }],
      ['conv.weight', { shape: [1, 2, 3, 1], data }],
    ]),
  );
  assert.deepEqual(report.layers, [
    {
      name: 'fc',
      shape: [2, 3],
      weights: 6,
      nonZeros: 2,
      density: 1 / 3,
      activeRows: 2,
      activeColumns: 1,
    },
    {
      name: 'conv',
      shape: [1, 2, 3, 1],
      weights: 6,
      nonZeros: 2,
      density: 1 / 3,
      activeRows: 1,
      activeColumns: 2,
    },
  ]);
  assert.deepEqual(report.total, { weights: 12, nonZeros: 4, density: 1 / 3 });
});

test('a run whose folder vanishes ends with a line that names it, and does not make it again', async (t) => {
  const folder = await temporaryFolder(t);
  const path = join(folder, 'run');
  const run = await RunDirectory.create(path, resolveConfig(toyConfig({ epochs: 5 })));
  const remover = {
    onEpoch: async () => rm(path, { recursive: true, force: true }),
  };
  await assert.rejects(trainRun(run, { data, threads: 1, observers: [remover] }), (error) => {
    assert.ok(error instanceof UserError);
    assert.match(error.message, /^cannot write .*run\/[\w.]+: no such file or folder$/);
    return true;
  });
  assert.equal(existsSync(path), false);
});
