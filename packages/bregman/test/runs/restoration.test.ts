import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { decodeSafetensors } from '@bregman/core/files';
import { type Config, type Observer, resolveConfig, train } from '@bregman/core/train';
import { readBytes } from '#lib/files/index.js';
import {
  loadTrainingData,
  RunDirectory,
  readMetrics,
  readSummary,
  trainRun,
} from '#lib/runs/index.js';
import { bits, timeless } from '../../../core/test/train/toy.js';
import { workplace } from '../cli/bregman.js';

function configOf(data: string): Config {
  return resolveConfig({
    data,
    samples: { train: 300, test: 20 },
    validation: 60,
    batchSize: 16,
    epochs: 3,
    task: { kind: 'deblur', blur: 1 },
    loss: 'squared-error',
    model: { kind: 'skip-encoder', depth: 3 },
    start: { density: 0.3, by: 'rows', gain: 2, groups: [{ parameters: ['@add'], density: 0 }] },
    optimizer: {
      method: 'adabreg',
      learningRate: 0.003,
      lambda: 0.05,
      groups: [
        { parameters: ['@linear'], regularizer: { kind: 'group', by: 'rows' } },
        { parameters: ['@add'], regularizer: { kind: 'l1' } },
        { parameters: ['*'], regularizer: { kind: 'none' } },
      ],
    },
  });
}

/** Trains to the end, loading the data anew after a stop at this step. */
async function outcome(path: string, config: Config, stop: number) {
  await RunDirectory.create(path, config);
  for (const limit of [stop, Infinity]) {
    const controller = new AbortController();
    let steps = 0;
    const counter: Observer = {
      onStep: () => (++steps === limit ? controller.abort() : undefined),
    };
    const { run, resume } = await RunDirectory.open(path);
    const result = await trainRun(run, {
      data: await loadTrainingData(run.config),
      threads: 1,
      observers: [counter],
      signal: controller.signal,
      ...(resume && { resume }),
    });
    result.close();
  }
  const file = join(path, 'state.safetensors');
  return {
    metrics: timeless(await readMetrics(path)),
    state: bits(decodeSafetensors(await readBytes(file), file).tensors),
    summary: await readSummary(path),
  };
}

test('a restoration is resumed on the same noise to the same bits', async (t) => {
  const cwd = await workplace(t);
  const config = configOf(join(cwd, 'data'));
  const straight = await outcome(join(cwd, 'straight'), config, Infinity);
  const resumed = await outcome(join(cwd, 'resumed'), config, 20);
  assert.deepEqual(resumed.metrics, straight.metrics);
  assert.deepEqual(resumed.state, straight.state);
  assert.deepEqual(resumed.summary?.multiplyAdds, straight.summary?.multiplyAdds);

  const { test, density } = straight.summary!;
  assert.deepEqual(Object.keys(test!), ['loss']);
  assert.deepEqual(Object.keys(density.rows!), ['fc1', 'fc2', 'fc3']);
  // Every skip connection began at zero, and some are there.
  const scales = Object.entries(density.layers).filter(([name]) => name.startsWith('skip'));
  assert.equal(scales.length, 6);
  assert.ok(scales.some(([, share]) => share === 1));
});

test('images that are targets are not left behind by augmentation', async (t) => {
  const config = configOf(join(await workplace(t), 'data'));
  const data = await loadTrainingData(config);
  // A program brings such data without a task.
  await assert.rejects(train({ ...config, task: null, augment: { flip: true } }, { data }), {
    message: 'augment: it moves the inputs, and not the images that are the targets',
  });
});
