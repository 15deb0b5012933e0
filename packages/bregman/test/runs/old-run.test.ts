/**
 * A folder that the version before models described themselves wrote, with
 * `bregman train old.json --epochs 1`: 490 weights on a few images of MNIST.
 */
import assert from 'node:assert/strict';
import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { decodeModel } from '@bregman/core/train';
import { readBytes } from '#lib/files/index.js';
import { openModelFile, readMetrics, readSummary } from '#lib/runs/index.js';
import { temporaryFolder } from '../../../core/test/train/toy.js';
import { bregman, jsonLines } from '../cli/bregman.js';

const fixture = fileURLToPath(new URL('../fixtures/old-run', import.meta.url));

/** What the old version made of two epochs more: losses of training and validation, and densities. */
const later = [
  { train: 1.8525993023222933, validation: 1.7385227282842, density: 0.6877551020408164 },
  { train: 1.5292903009181222, validation: 1.4511538684368133, density: 0.7081632653061225 },
];

/** Builds of the kernels differ in the last bits. */
function assertNear(found: number, expected: number): void {
  assert.ok(Math.abs(found - expected) < 1e-4 * expected, `${found} is not ${expected}`);
}

test('a run of the old layout is scored, inspected and drawn', async (t) => {
  const cwd = await temporaryFolder(t);
  const scored = await bregman(['eval', fixture, '--json'], { cwd });
  const { test, ...rest } = (await readSummary(fixture))!;
  const found = JSON.parse(scored.stdout);
  assert.deepEqual([found.split, found.accuracy], ['test', test!.accuracy]);
  assertNear(found.loss, test!.loss);

  const best = join(fixture, 'best.safetensors');
  const validated = await bregman(['eval', best, '--split', 'validation', '--json'], { cwd });
  const [metrics] = await readMetrics(fixture);
  assertNear(JSON.parse(validated.stdout).loss, metrics.validation!.loss);

  const inspected = await bregman(['inspect', fixture, '--json'], { cwd });
  assert.equal(JSON.parse(inspected.stdout).total.density, rest.density.total);
  const drawn = await bregman(['plot', fixture, '--out', 'page.html'], { cwd });
  assert.deepEqual([drawn.code, drawn.stderr], [0, '']);
});

test('a run of the old layout goes on as it would have, and then describes itself', async (t) => {
  const path = join(await temporaryFolder(t), 'run');
  await cp(fixture, path, { recursive: true });
  const { code, stdout, stderr } = await bregman(['resume', path, '--epochs', '3', '--json']);
  assert.equal(code, 0, stderr);
  const epochs = jsonLines(stdout).slice(0, 2) as unknown as Awaited<
    ReturnType<typeof readMetrics>
  >;
  for (const [i, { train, validation, density }] of epochs.entries()) {
    assertNear(train.loss, later[i].train);
    assertNear(validation!.loss, later[i].validation);
    assertNear(density.total, later[i].density);
  }
  const file = join(path, 'last.safetensors');
  const { description } = decodeModel(await readBytes(file), file);
  assert.deepEqual(description?.classNames, ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
  assert.equal(description?.data, 'mnist');
});

test('a model of the old layout predicts where its data set is at hand', async (t) => {
  const model = await openModelFile(fixture, { threads: 1 });
  try {
    assert.deepEqual(model.description.shape, [1, 28, 28]);
    const [[first]] = await model.classify(new Uint8Array(28 * 28), 1);
    assert.match(first.name, /^\d$/);
  } finally {
    model.close();
  }
  const alone = join(await temporaryFolder(t), 'alone.safetensors');
  await cp(join(fixture, 'last.safetensors'), alone);
  await assert.rejects(
    openModelFile(alone),
    /alone.safetensors: there is no config.json beside it/,
  );
  assert.doesNotMatch(await readFile(join(fixture, 'last.safetensors'), 'latin1'), /bregman/);
});
