import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { experimentNames } from '#lib/reproduce/index.js';
import { toy } from '../reproduce/toy.js';
import { bregman, controlCharacters, jsonLines, main, run } from './bregman.js';

test('experiments are listed, each with what it shows and how long it takes', async () => {
  const names = await experimentNames();
  const { code, stdout } = await bregman(['reproduce', '--list']);
  assert.equal(code, 0);
  assert.deepEqual(
    stdout
      .trim()
      .split('\n')
      .map((line) => /^\S+(?= {2,}\S.* \(.+\)$)/.exec(line)?.[0]),
    names,
  );
  const listed = JSON.parse((await bregman(['reproduce', '--list', '--json'])).stdout);
  assert.deepEqual(
    listed.map(({ name }: { name: string }) => name),
    names,
  );
});

test('wrong usage is exit code 2 and one line', async (t) => {
  const { cwd } = await toy(t);
  for (const [args, message] of [
    [[], /which experiment\? 'bregman reproduce --list' shows all/],
    [['mnist'], /there is no experiment 'mnist' \(did you mean \S+\?\)/],
    [['none.json'], /cannot read none.json: no such file/],
    [['toy.json', '--seeds', '0'], /--seeds: 0 is not allowed/],
    [['toy.json', '--epochs', 'x'], /--epochs: "x" is not allowed/],
  ] as const) {
    const { code, stdout, stderr } = await bregman(['reproduce', ...args], { cwd });
    assert.deepEqual([code, stdout], [2, '']);
    assert.match(stderr, /^bregman: .*\n$/);
    assert.match(stderr, message);
  }
  const recovery = await bregman(['reproduce', 'sparse-recovery', '--epochs', '5'], { cwd });
  assert.equal(recovery.code, 2);
  assert.equal(recovery.stderr, 'bregman: --epochs 5: sparse-recovery has iterations, no epochs\n');
});

test('in a pipe: plain lines, the tables, where the report is', async (t) => {
  const { cwd } = await toy(t);
  const { code, stdout, stderr } = await bregman(['reproduce', 'toy.json'], { cwd });
  assert.deepEqual([code, stderr], [0, '']);
  assert.deepEqual(controlCharacters(stdout), []);
  assert.match(stdout, /^A toy\nrun 1 of 4: small λ, seed 0\n {2}epoch 1: train/);
  assert.match(stdout, /\nrun 4 of 4, about [\d.]+ s left: large λ, seed 1\n/);
  assert.match(stdout, /\nEnd\nrun +test accuracy +density, epoch 1 +seeds\nsmall λ +[\d.]+ ±/);
  const html = join('results', 'toy', 'report.html');
  assert.ok(stdout.includes(`the report is ${html}`) && existsSync(join(cwd, html)));

  // Where folders lie is of no use to readers.
  const absolute = ['reproduce', join(cwd, 'toy.json'), '--out', join(cwd, 'results', 'toy')];
  await bregman(absolute, { cwd });
  const report = await readFile(join(cwd, 'results', 'toy', 'report.md'), 'utf8');
  assert.match(report, /command: bregman reproduce toy.json --out toy$/m);
  assert.ok(!report.includes(cwd));

  const other = await bregman(['reproduce', 'toy.json', '--epochs', '9'], { cwd });
  assert.equal(other.code, 1);
  assert.match(other.stderr, /^bregman: .*another configuration \(epochs: 3, not 9\).*\n$/);
});

test('with --json: a line a run, then tables and files', async (t) => {
  const { cwd } = await toy(t);
  const args = ['reproduce', 'toy.json', '--quick', '--seeds', '2', '--json'];
  const { code, stdout } = await bregman(args, { cwd });
  assert.equal(code, 0);
  const lines = jsonLines(stdout);
  assert.deepEqual(
    lines.slice(0, -1).map(({ label, seed }) => [label, seed]),
    [
      ['small λ', 0],
      ['small λ', 1],
    ],
  );
  const summary = lines[0].summary as { multiplyAdds: { training: { dense: number } } };
  assert.ok(summary.multiplyAdds.training.dense > 0);
  const { name, tables, files, warnings } = lines[2] as Record<string, never>;
  assert.deepEqual([name, (tables as object[]).length], ['toy', 1]);
  assert.deepEqual(files, {
    html: join('results', 'toy-quick', 'report.html'),
    markdown: join('results', 'toy-quick', 'report.md'),
  });
  assert.match(warnings[0], /--quick/);
});

test('without its data, an experiment says in one line what is missing', async (t) => {
  const { cwd } = await toy(t, { set: { data: 'nowhere' } });
  const { code, stderr } = await bregman(['reproduce', 'toy.json'], { cwd });
  assert.equal(code, 1);
  assert.match(
    stderr,
    /^bregman: toy: nothing could be run: all runs on nowhere .*--data DIR.*\n$/,
  );
});

test('Ctrl-C saves the run, writes the report, and says how to go on', async (t) => {
  const { cwd } = await toy(t, { epochs: 60, quick: {} });
  let isSent = false;
  const cut = await bregman(['reproduce', 'toy.json', '--out', 'my results'], {
    cwd,
    onStdout(stdout, child) {
      if (isSent || !stdout.includes('run 2 of 4')) return;
      isSent = true;
      child.kill('SIGINT');
    },
  });
  assert.equal(cut.code, 130);
  assert.ok(existsSync(join(cwd, 'my results', 'report.md')));
  const go = /^bregman: interrupted; to go on: (.*)$/m.exec(cut.stderr)?.[1];
  assert.equal(go, "bregman reproduce toy.json --out 'my results'");
  const script = `bregman() { "${process.execPath}" "${main}" "$@"; }; ${go}`;
  const rest = await run('sh', ['-c', script], { cwd });
  assert.equal(rest.code, 0, rest.stderr);
  assert.match(rest.stdout, /small λ, seed 0, done before/);
});

test('a run of compressed sensing is no run to inspect, plot or resume, in one line', async (t) => {
  const { cwd } = await toy(t, {
    base: undefined,
    recovery: { equations: 30, unknowns: 60, nonZeros: 3, lambda: 5, iterations: 20 },
    epochs: undefined,
    seeds: [0],
    runs: [{ label: 'a' }],
    quick: {},
    tables: [],
    figures: [],
  });
  await bregman(['reproduce', 'toy.json', '--out', 'out'], { cwd });
  const run = join('out', 'runs', 'a', 'seed-0');
  for (const command of ['inspect', 'plot', 'resume']) {
    const { code, stderr } = await bregman([command, run], { cwd });
    assert.equal(code, 1);
    const [line] = stderr.split('\n');
    assert.match(line, /^bregman: .*config.json: it names no model, so the run is no training/);
  }
});
