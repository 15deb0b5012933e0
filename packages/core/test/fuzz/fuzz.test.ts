import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzz, report } from './fuzz.js';

test('500 random networks give at any time what fresh ones give', async () => {
  const failures = await fuzz({ from: 0, count: 500 });
  assert.equal(failures.map(report).join('\n'), '');
});
