/** The README's example runs as it is written there. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const readme = readFileSync(new URL('../../../../README.md', import.meta.url), 'utf8');
// Within the package, where `bregman` is its own name.
const file = fileURLToPath(new URL('../../dist/readme-example.ts', import.meta.url));

after(() => rmSync(file, { force: true }));

test('the example of the README runs', () => {
  const [, example] = /```ts\n([\s\S]*?)```/.exec(readme) ?? [];
  assert.ok(example);
  writeFileSync(file, example);
  const { status, stderr, stdout } = spawnSync(process.execPath, ['--import', 'tsx', file], {
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
  assert.match(stdout, /total:/);
});

test('the example of the README has ten lines', () => {
  const [, example] = /```ts\n([\s\S]*?)```/.exec(readme) ?? [];
  assert.ok(example);
  assert.ok(example.split('\n').filter((line) => line !== '').length <= 10);
});
