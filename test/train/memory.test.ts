import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Engine } from '#lib/engine/index.js';
import { resolveConfig, Trainer } from '#lib/train/index.js';
import { toyConfig, toyData } from './toy.js';

const data = toyData();

/** Takes one step on an engine of so much memory. */
async function stepWithin(maximumBytes: number, batchSize: number, hidden = 20_000) {
  const engine = await Engine.create({ threads: 1, maximumBytes });
  try {
    const config = toyConfig({ model: { kind: 'mlp', hidden: [hidden] }, batchSize });
    new Trainer(engine, resolveConfig(config), data).step();
  } finally {
    engine.close();
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
