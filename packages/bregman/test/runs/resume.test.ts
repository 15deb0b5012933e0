import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { decodeSafetensors, encodeSafetensors } from '@bregman/core/files';
import { type Config, type ConfigInput, type Observer, resolveConfig } from '@bregman/core/train';
import { readBytes } from '#lib/files/index.js';
import { RunDirectory, readMetrics, readSummary, trainRun } from '#lib/runs/index.js';
import {
  bits,
  temporaryFolder,
  timeless,
  toyConfig,
  toyData,
} from '../../../core/test/train/toy.js';

const data = toyData();

/** A residual branch, so that batch norm, sums and shared gradients take part. */
const convolutional: ConfigInput['model'] = {
  kind: 'layers',
  layers: [
    { name: 'conv1', layer: { kind: 'conv2d', channels: 6, size: 3, padding: 1, bias: false } },
    { name: 'bn1', layer: { kind: 'batch-norm2d', relu: true } },
    { name: 'conv2', layer: { kind: 'conv2d', channels: 6, size: 3, padding: 1, bias: false } },
    { name: 'bn2', layer: { kind: 'batch-norm2d', relu: true }, inputs: ['conv2', 'bn1'] },
    { name: 'pool', layer: { kind: 'average-pool2d', size: 'global' } },
    { name: 'flat', layer: { kind: 'flatten' } },
    { name: 'fc', layer: { kind: 'linear', outputs: 4 } },
  ],
};

/** Steps of the toy's 10 a epoch at which the runs are interrupted, one after another. */
const interruptions = [3, 10, 17, 20, 31];

const configurations: Readonly<Record<string, Partial<ConfigInput>>> = {
  'linbreg with momentum': {
    optimizer: { method: 'linbreg', learningRate: 0.2, lambda: 0.02, momentum: 0.9 },
    schedule: { kind: 'cosine' },
  },
  adabreg: { optimizer: { method: 'adabreg', learningRate: 0.01, lambda: 0.02 } },
  'plateau and target density': {
    schedule: { kind: 'plateau', patience: 0, threshold: 0.5 },
    lambdaPolicy: { kind: 'target-density', density: 0.1, everySteps: 3 },
  },
  'discrepancy rule, groups': {
    optimizer: { lambda: 0.02, regularizer: { kind: 'group', by: 'rows' } },
    lambdaPolicy: { kind: 'discrepancy', target: 0.1, cooldown: 1 },
  },
  'a target that falls, λ by layer, carried, a dense layer': {
    model: { kind: 'mlp', hidden: [20, 10] },
    dense: ['fc3.*'],
    lambdaPolicy: {
      kind: 'target-density',
      density: 0.1,
      everySteps: 3,
      carry: true,
      from: { density: 0.4, epochs: 2.5, start: 0.5 },
      budget: 'erk',
    },
  },
  'frozen for two epochs and averaged, Nesterov, weight decay, λ by fan-in': {
    freeze: { epochs: 2 },
    average: { decay: 0.9 },
    optimizer: {
      learningRate: 0.2,
      lambda: 0.02,
      momentum: 0.9,
      nesterov: true,
      weightDecay: 0.01,
      decoupledWeightDecay: 0.01,
      lambdaFanIn: 0.5,
    },
    lambdaPolicy: { kind: 'target-density', density: 0.3, everySteps: 3 },
  },
  'averaged weights': {
    model: convolutional,
    average: { decay: 0.9, everySteps: 2 },
    optimizer: { method: 'adabreg', learningRate: 0.01, lambda: 0.02 },
  },
  'multilevel gradients': { gradient: { kind: 'multilevel', period: 4 } },
  'sampled gradients': { gradient: { kind: 'sampled' }, batchSize: 20 },
  RigL: {
    optimizer: { method: 'sgd', learningRate: 0.1, momentum: 0.9 },
    support: { kind: 'rigl', density: 0.15, everySteps: 2 },
    average: { decay: 0.9, everySteps: 3 },
  },
  'gradual magnitude pruning': {
    optimizer: { method: 'adam', learningRate: 0.01 },
    support: { kind: 'gmp', density: 0.15, everySteps: 3, budget: 'global' },
  },
  'a convolutional net with batch norm and augmentation': {
    model: convolutional,
    augment: { crop: 1, flip: true },
    start: {
      density: 0.5,
      by: 'kernels',
      gain: 2,
      groups: [{ parameters: ['@linear'], by: 'rows' }],
    },
    optimizer: {
      method: 'adabreg',
      learningRate: 0.01,
      lambda: 0.02,
      groups: [
        { parameters: ['@conv2d'], regularizer: { kind: 'group', by: 'kernels' } },
        { parameters: ['@linear'], regularizer: { kind: 'l1' } },
        { parameters: ['*'], regularizer: { kind: 'none' } },
      ],
    },
    gradient: { kind: 'multilevel', period: 3 },
  },
};

/** Trains a run to its end, interrupted after these steps; what it leaves, but for the clock. */
async function outcome(path: string, config: Config, stops: readonly number[]) {
  await RunDirectory.create(path, config);
  let steps = 0;
  for (const stop of [...stops, Infinity]) {
    const controller = new AbortController();
    const counter: Observer = {
      onStep() {
        steps++;
        if (steps === stop) controller.abort();
      },
    };
    const { run, resume } = await RunDirectory.open(path);
    const result = await trainRun(run, {
      data,
      threads: 1,
      observers: [counter],
      signal: controller.signal,
      ...(resume && { resume }),
    });
    result.close();
    assert.equal(result.ending, stop === Infinity ? 'epochs' : 'signal');
  }
  const tensors = async (name: string) => {
    const file = join(path, name);
    return bits(decodeSafetensors(await readBytes(file), file).tensors);
  };
  return {
    steps,
    metrics: timeless(await readMetrics(path)),
    multiplyAdds: (await readSummary(path))?.multiplyAdds,
    state: await tensors('state.safetensors'),
    last: await tensors('last.safetensors'),
    best: await tensors('best.safetensors'),
  };
}

for (const [name, changes] of Object.entries(configurations)) {
  test(`interrupted and resumed to the same bits: ${name}`, async (t) => {
    const folder = await temporaryFolder(t);
    const config = resolveConfig(toyConfig(changes));
    const straight = await outcome(join(folder, 'straight'), config, []);
    const resumed = await outcome(join(folder, 'resumed'), config, interruptions);
    assert.deepEqual(resumed, straight);
  });
}

/** A finished run of one epoch. */
async function finishedRun(path: string): Promise<void> {
  const config = resolveConfig(toyConfig({ epochs: 1 }));
  (await trainRun(await RunDirectory.create(path, config), { data, threads: 1 })).close();
}

test('a run trains on to a later epoch, and not to an earlier one', async (t) => {
  const path = join(await temporaryFolder(t), 'run');
  await finishedRun(path);
  const { run, resume } = await RunDirectory.open(path, 3);
  const result = await trainRun(run, { data, threads: 1, ...(resume && { resume }) });
  result.close();
  assert.deepEqual(
    result.metrics.map(({ epoch }) => epoch),
    [2, 3],
  );
  assert.equal((await readMetrics(path)).length, 3);
  await assert.rejects(RunDirectory.open(path, 2), /epochs: 2 is less than the 3 the run has/);
  await assert.rejects(RunDirectory.open(path, 0.5), /epochs: 0.5 is not allowed/);
  assert.equal((await RunDirectory.open(path)).run.config.epochs, 3);
});

test('a checkpoint of another network or another kind is refused', async (t) => {
  const path = join(await temporaryFolder(t), 'run');
  await finishedRun(path);
  const { run, resume } = await RunDirectory.open(path);
  const other = { ...run.config, model: { kind: 'mlp' as const, hidden: [21] } };
  await writeFile(join(path, 'config.json'), JSON.stringify(other));
  const reopened = await RunDirectory.open(path);
  await assert.rejects(
    trainRun(reopened.run, {
      data,
      threads: 1,
      ...(reopened.resume && { resume: reopened.resume }),
    }),
    { message: /^checkpoint: fc1.weight is 20 × 36, the network's is 21 × 36; it is of another/ },
  );

  const file = join(path, 'state.safetensors');
  const tensors = resume!.tensors;
  const withProgress = (progress: unknown) =>
    encodeSafetensors(tensors, { progress: JSON.stringify(progress) });
  const { trainer } = resume!.progress;
  const damaged: readonly [Uint8Array | string, RegExp][] = [
    ['hello, world', /not a valid safetensors file/],
    [encodeSafetensors(tensors), /it holds no state of a run/],
    [encodeSafetensors(tensors, { progress: '{' }), /no valid JSON/],
    [withProgress(null), /null is not allowed; it must be an object/],
    [
      withProgress({ ...resume!.progress, trainer: { ...trainer, epoch: -1 } }),
      /trainer.epoch: -1 is not allowed/,
    ],
  ];
  for (const [content, message] of damaged) {
    await writeFile(file, content);
    await assert.rejects(RunDirectory.open(path), { message });
  }
});

test('damaged metrics are named by their line', async (t) => {
  const path = join(await temporaryFolder(t), 'run');
  await finishedRun(path);
  const file = join(path, 'metrics.jsonl');
  const line = await readFile(file, 'utf8');
  for (const damage of ['{"epoch":', 'null', '{"epoch":1}']) {
    await writeFile(file, `${line}${damage}\n`);
    await assert.rejects(RunDirectory.open(path), /metrics.jsonl, line 2: /);
  }
});
