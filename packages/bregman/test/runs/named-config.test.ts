import assert from 'node:assert/strict';
import { test } from 'node:test';
import { presets, resolveConfig, setByPath } from '@bregman/core/train';
import { loadConfigInput } from '#lib/runs/index.js';

test('a preset is found by its name, and is not the shared object', async () => {
  const { name, input } = await loadConfigInput('mnist-mlp');
  assert.equal(name, 'mnist-mlp');
  setByPath(input, 'optimizer.lambda=9');
  assert.notEqual(resolveConfig(presets['mnist-mlp'].config).optimizer.lambda, 9);
  await assert.rejects(loadConfigInput('mnist-mpl'), /did you mean mnist-mlp\?/);
  await assert.rejects(loadConfigInput('toString'), /there is no preset 'toString'/);
});
