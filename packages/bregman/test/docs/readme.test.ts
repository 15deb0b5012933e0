/** The examples of README and docs/models.md run as they are written there. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const read = (name: string) =>
  readFileSync(new URL(`../../../../${name}`, import.meta.url), 'utf8');
const readme = read('README.md');
const models = read('docs/models.md');
const compiler = new URL('../../../../node_modules/typescript/bin/tsc', import.meta.url);
// Within the package, where `bregman` is its own name.
const file = fileURLToPath(new URL('../../dist/readme-example.ts', import.meta.url));

after(() => rmSync(file, { force: true }));

/** What an example prints. */
function outputOf(example: string): string {
  writeFileSync(file, example);
  const { status, stderr, stdout } = spawnSync(process.execPath, ['--import', 'tsx', file], {
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
  return stdout;
}

test('the example of the README runs', () => {
  const [, example] = /```ts\n([\s\S]*?)```/.exec(readme) ?? [];
  assert.ok(example);
  assert.match(outputOf(example), /total:/);
});

test('all examples compile in strict TypeScript', () => {
  const all = [readme, models].flatMap((text) => [...text.matchAll(/```ts\n([\s\S]*?)```/g)]);
  const files = all.map(([, example], i) => {
    const path = file.replace('.ts', `-${i}.ts`);
    writeFileSync(path, example);
    return path;
  });
  const options = ['--noEmit', '--strict', '--target', 'es2023', '--module', 'nodenext'];
  const args = [fileURLToPath(compiler), ...options, '--types', 'node', ...files];
  const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  for (const path of files) rmSync(path);
  assert.equal(status, 0, stdout);
});

test('the examples of docs/models.md run', () => {
  const examples = [...models.matchAll(/```ts\n([\s\S]*?)```/g)];
  const [opening, resuming, batches] = examples.map(([, example]) => outputOf(example));
  assert.match(opening, /^(alike|unlike) 0\.\d+\n/);
  assert.match(resuming, /^12 .*\nsignal epochs 4\n$/m);
  assert.equal(batches, '');
  assert.equal(examples.length, 3);
});

test('the example of the README has ten lines', () => {
  const [, example] = /```ts\n([\s\S]*?)```/.exec(readme) ?? [];
  assert.ok(example);
  assert.ok(example.split('\n').filter((line) => line !== '').length <= 10);
});
