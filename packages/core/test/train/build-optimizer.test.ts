/** What a configuration's optimizer may not ask for, and what becomes of it otherwise. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PlainBackend } from '#lib/backend/plain/index.js';
import { buildTrainer, ConfigError, type ConfigInput, resolveConfig } from '#lib/train/index.js';
import { toyConfig, toyData } from './toy.js';

const data = toyData();

async function trainerOf(changes: Partial<ConfigInput>) {
  return buildTrainer(new PlainBackend(), resolveConfig(toyConfig(changes)), data);
}

/** Configurations that no trainer can be built of, each with the message it earns. */
const wrong: readonly [changes: Partial<ConfigInput>, message: string][] = [
  [
    { optimizer: { nesterov: true } },
    'optimizer.nesterov: it needs a momentum above 0, such as 0.9',
  ],
  [
    {
      optimizer: {
        nesterov: true,
        momentum: 0.9,
        groups: [{ parameters: ['@weight'] }, { parameters: ['*'], momentum: 0 }],
      },
    },
    'optimizer.groups.1.nesterov: it needs a momentum above 0, such as 0.9',
  ],
  [
    { optimizer: { method: 'adabreg', nesterov: true } },
    'optimizer.nesterov: adabreg has no momentum; it must be false, or the method one of linbreg, sgd, lasso',
  ],
];

for (const [changes, message] of wrong) {
  test(`refused: ${message}`, async () => {
    await assert.rejects(trainerOf(changes), (error) => {
      assert.ok(error instanceof ConfigError);
      assert.equal(error.message, message);
      return true;
    });
  });
}
