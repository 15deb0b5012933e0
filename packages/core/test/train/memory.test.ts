import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { WasmBackend } from '#lib/backend/index.js';
import {
  buildTrainer,
  type Checkpoint,
  type ConfigInput,
  resolveConfig,
  train,
} from '#lib/train/index.js';
import { toyConfig, toyData } from './toy.js';

const data = toyData();

/** Takes one step on an engine of so much memory. */
async function stepWithin(
  maximumBytes: number,
  batchSize: number,
  { hidden = 20_000, threads = 1, given = data, changes = {} } = {},
) {
  const backend = await WasmBackend.create({ threads, maximumBytes });
  try {
    const model: ConfigInput['model'] = { kind: 'mlp', hidden: [hidden] };
    const config = toyConfig({ model, batchSize, ...changes });
    const trainer = await buildTrainer(backend, resolveConfig(config), given);
    await trainer.step();
    await trainer.test();
  } finally {
    backend.close();
  }
}

/** The least memory, in steps of a quarter of a MiB, that is not refused; there, a step runs. */
async function leastMemory(options: Parameters<typeof stepWithin>[2]): Promise<number> {
  for (let bytes = 2 ** 22; ; bytes += 2 ** 18) {
    try {
      await stepWithin(bytes, 16, options);
      return bytes;
    } catch (error) {
      assert.match((error as Error).message, /^batchSize: 16 needs/);
    }
  }
}

test('a batch that the memory has no room for is refused with the largest that fits', async () => {
  const memory = 30 * 2 ** 20;
  const refusal = await stepWithin(memory, 160).then(
    () => assert.fail('it fits'),
    ({ message }: Error) => message,
  );
  const [, fitting] = /^batchSize: 160 needs \d+ MiB .* up to (\d+) fit$/.exec(refusal) ?? [];
  assert.ok(Number(fitting) >= 16 && Number(fitting) < 160, refusal);
  await stepWithin(memory, Number(fitting));
  await assert.rejects(stepWithin(memory, Number(fitting) + 16), /batchSize: \d+ needs/);
});

test('a network that the memory has no room for is refused', async () => {
  await assert.rejects(stepWithin(2 ** 22, 16), /the network is too large for it$/);
});

test('training data are kept in the engine only where there is room beside the network', async () => {
  const large = toyData(20_000);
  assert.ok(large.train.inputs.byteLength > 2 ** 21);
  const least = await leastMemory({ hidden: 2_000 });
  for (let bytes = least; bytes < least + 2 ** 23; bytes += 2 ** 20) {
    await stepWithin(bytes, 16, { hidden: 2_000, given: large });
  }
});

test('what every thread wants for itself is counted', async () => {
  const convolutions = [
    { kind: 'conv2d', channels: 64, size: 3, padding: 1 },
    { kind: 'conv2d', channels: 64, size: 3, padding: 1 },
    { kind: 'flatten' },
    { kind: 'linear', outputs: 4 },
  ].map((layer, i) => ({ name: `layer${i}`, layer }));
  const changes = { model: { kind: 'layers', layers: convolutions } as never };
  const one = await leastMemory({ threads: 1, changes });
  const eight = await leastMemory({ threads: 8, changes });
  assert.ok(eight - one > 2 ** 22, `${one} and ${eight} bytes`);
});

test('a checkpoint goes when its observers are done with it', async () => {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  const seen: WeakRef<Checkpoint>[] = [];
  const left: boolean[] = [];
  const result = await train(toyConfig({ epochs: 2 }), {
    data,
    threads: 1,
    observers: [
      {
        async onCheckpoint(checkpoint) {
          // What a WeakRef was asked for stays until the task is over.
          await setImmediate();
          collect();
          left.push(seen.some((each) => each.deref() !== undefined));
          seen.push(new WeakRef(checkpoint));
        },
      },
    ],
  });
  result.close();
  assert.deepEqual(left, [false, false]);
});
