import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  type Experiment,
  type PlannedRun,
  parseExperiment,
  type ReproduceOptions,
  reproduce,
} from '#lib/reproduce/index.js';
import { readMetrics } from '#lib/train/index.js';
import { timeless } from '../train/toy.js';
import { toy } from './toy.js';

/** Runs it, and notes which runs were trained and which were there already. */
async function watched(experiment: Experiment, options: ReproduceOptions) {
  const [trained, old]: string[][] = [[], []];
  const name = ({ label, seed }: PlannedRun) => `${label} ${seed}`;
  const result = await reproduce(experiment, {
    ...{ threads: 1, ...options },
    observer: {
      onRun: (run) => trained.push(name(run)),
      onFinished: (run, { isOld }) => {
        if (isOld) old.push(name(run));
      },
      ...options.observer,
    },
  });
  return { ...result, trained, old };
}

const runs = ['small λ 0', 'large λ 0', 'small λ 1', 'large λ 1'];

test('an experiment runs once, and is averaged over its seeds', async (t) => {
  const { cwd, experiment } = await toy(t);
  const out = join(cwd, 'out');
  const first = await watched(experiment, { out, command: 'do it' });
  assert.deepEqual([first.trained, first.old], [runs, []]);
  assert.deepEqual(first.report.warnings, []);

  const [table, comparison] = first.report.tables;
  assert.deepEqual(
    table.rows.map(([label]) => label),
    ['small λ', '– somebody', 'large λ'],
  );
  assert.deepEqual(table.rows[1], ['– somebody', '15.0 ± 7.1 %', '1.00 %', '2']);
  const accuracies = first.outcomes
    .filter(({ run }) => run.label === 'small λ')
    .map(({ summary }) => summary!.test!.accuracy!);
  const mean = (accuracies[0] + accuracies[1]) / 2;
  const deviation = Math.abs(accuracies[0] - accuracies[1]) / Math.SQRT2;
  assert.equal(table.rows[0][1], `${(100 * mean).toFixed(1)} ± ${(100 * deviation).toFixed(1)} %`);
  assert.equal(table.rows[0][3], '2');
  assert.deepEqual(
    comparison.rows.map(([label, metric, source, at]) => [label, metric, source, at]),
    [
      ['small λ', 'test accuracy', 'somebody', '3'],
      ['small λ', 'density', 'somebody', '1'],
    ],
  );
  assert.match(comparison.rows[1][6], /points denser$/);

  const charts = first.report.figures.map(({ chart }) => chart);
  assert.deepEqual(
    charts.map(({ kind }) => kind),
    ['lines', 'points', 'bars', 'heatmap'],
  );
  assert.ok(charts[0].kind === 'lines');
  assert.deepEqual(
    charts[0].series.map(({ name, isReference }) => [name, isReference ?? false]),
    [
      ['small λ', false],
      ['small λ, somebody', true],
      ['large λ', false],
    ],
  );
  assert.equal(charts[0].series[0].points.length, 3);

  const markdown = await readFile(join(out, 'report.md'), 'utf8');
  for (const words of ['do it', '0, 1', 'bregman 0.1.0', 'density.svg']) {
    assert.ok(markdown.includes(words), words);
  }
  assert.ok(existsSync(join(out, 'report.html')) && existsSync(join(out, 'map.svg')));

  const summary = join(out, 'runs', 'small-lambda', 'seed-0', 'summary.json');
  const before = await stat(summary);
  const again = await watched(experiment, { out });
  assert.deepEqual([again.trained, again.old], [[], runs]);
  assert.equal((await stat(summary)).mtimeMs, before.mtimeMs);
  assert.deepEqual(again.report.tables, first.report.tables);

  // One seed more trains that alone.
  const more = await watched(experiment, { out, seeds: 3 });
  assert.deepEqual(more.trained, ['small λ 2', 'large λ 2']);
});

test('what is damaged or missing is named, and the rest is drawn', async (t) => {
  const { cwd, experiment } = await toy(t, { quick: {} });
  const out = join(cwd, 'out');
  const whole = await watched(experiment, { out });
  const folder = (label: string, seed: number) => join(out, 'runs', label, `seed-${seed}`);
  await rm(join(folder('small-lambda', 0), 'metrics.jsonl'));
  await writeFile(join(folder('small-lambda', 1), 'summary.json'), '{"epochs":');
  await rm(join(folder('large-lambda', 0), 'summary.json'));
  await rm(join(folder('large-lambda', 1), 'last.safetensors'));

  const { report, trained, old } = await watched(experiment, { out });
  // A run without a summary is not finished; its checkpoint is, so nothing is left to train.
  assert.deepEqual([trained, old], [['large λ 0'], ['large λ 1']]);
  assert.equal(report.warnings.length, 2);
  assert.match(
    report.warnings[0],
    /^small λ, seed 0 is missing: cannot read .*metrics.jsonl: .*; to run it again, remove /,
  );
  assert.match(
    report.warnings[1],
    /^small λ, seed 1 is missing: .*summary.json: no valid JSON .*; to run it again, remove /,
  );
  assert.deepEqual(report.tables[0].rows[0], ['small λ', '–', '–', '0']);
  assert.deepEqual(report.tables[0].rows.at(-1), whole.report.tables[0].rows.at(-1));
  assert.ok(existsSync(join(out, 'report.html')));

  await writeFile(join(folder('large-lambda', 0), 'metrics.jsonl'), '');
  const cut = await watched(experiment, { out });
  assert.match(cut.report.warnings[1], /large λ, seed 0 .*metrics.jsonl: it has 0 of 3 epochs/);
});

test('a folder with another configuration is refused before anything is trained', async (t) => {
  const { cwd, experiment } = await toy(t);
  const out = join(cwd, 'out');
  await reproduce(experiment, { out, quick: true, threads: 1 });
  const trained: string[] = [];
  const observer = { onRun: ({ label }: PlannedRun) => trained.push(label) };
  await assert.rejects(reproduce(experiment, { out, observer }), {
    message:
      /^.*seed-0.config.json: the run there is of another configuration \(samples.*\); choose another folder with --out, or remove .*seed-0$/,
  });
  await assert.rejects(reproduce(experiment, { out, quick: true, epochs: 2 }), {
    message: /\(epochs: 1, not 2\)/,
  });
  assert.deepEqual(trained, []);
});

test('quick: fewer runs and epochs, nobody else’s numbers, and it says so', async (t) => {
  const { cwd, experiment } = await toy(t);
  const { trained, report } = await watched(experiment, { out: join(cwd, 'out'), quick: true });
  assert.deepEqual(trained, ['small λ 0']);
  assert.match(report.warnings[0], /^Shortened \(--quick\)/);
  assert.equal(report.tables.length, 1);
  assert.equal(report.tables[0].rows.length, 1);
});

test('interrupted, then continued: the same metrics', async (t) => {
  const { cwd, experiment } = await toy(t);
  const straight = join(cwd, 'straight');
  await reproduce(experiment, { out: straight, threads: 1 });

  const out = join(cwd, 'cut');
  const controller = new AbortController();
  let epochs = 0;
  const cut = await watched(experiment, {
    out,
    signal: controller.signal,
    observer: { onEpoch: () => (++epochs === 5 ? controller.abort() : undefined) },
  });
  assert.ok(cut.isInterrupted);
  assert.equal(cut.outcomes.length, 1);
  assert.match(cut.report.warnings.join(), /incomplete: interrupted when 1 of 4 runs were done/);
  assert.ok(existsSync(join(out, 'report.html')));

  const rest = await watched(experiment, { out });
  assert.deepEqual([rest.old, rest.isInterrupted], [['small λ 0'], false]);
  for (const run of ['small-lambda', 'large-lambda']) {
    for (const seed of ['seed-0', 'seed-1']) {
      assert.deepEqual(
        timeless(await readMetrics(join(out, 'runs', run, seed))),
        timeless(await readMetrics(join(straight, 'runs', run, seed))),
      );
    }
  }
});

test('a run that diverges or lacks its data is named, and the others go on', async (t) => {
  const { cwd, experiment, file } = await toy(t);
  const input = JSON.parse(await readFile(file, 'utf8'));
  input.runs.push(
    { label: 'wild', set: { 'optimizer.learningRate': 1e30 } },
    { label: 'lost', set: { data: join(cwd, 'none') } },
    { label: 'large batch', set: { batchSize: 5000 } },
  );
  const { report, outcomes } = await watched(parseExperiment(input, file), {
    ...{ out: join(cwd, 'out'), seeds: 1 },
  });
  assert.equal(outcomes.length, 2);
  assert.equal(report.warnings.length, 3);
  assert.match(report.warnings[0], /^wild, seed 0 is missing: training diverged at step \d+/);
  assert.match(
    report.warnings[1],
    /^all runs on .*none are missing: no data set or folder.*--data DIR/,
  );
  assert.match(report.warnings[2], /^large batch, seed 0 is missing: batchSize: 5000 is more than/);
  assert.equal(report.tables[0].rows.length, 6);

  const lost = { ...experiment, runs: [{ ...experiment.runs[0], set: { data: 'nowhere' } }] };
  await assert.rejects(reproduce(lost, { out: join(cwd, 'lost') }), {
    message: /^toy: nothing could be run: all runs on nowhere are missing: no data set or folder/,
  });
});

test('restoration: images, the error of the input, and what is left of the layers', async (t) => {
  const { cwd, experiment } = await toy(t, {
    base: {
      ...{ validation: 100, batchSize: 32, loss: 'squared-error' },
      task: { kind: 'denoise', noise: 0.5 },
      model: { kind: 'skip-encoder', depth: 2 },
      start: { density: 0.5, gain: 1, groups: [{ parameters: ['@add'], density: 0 }] },
      optimizer: { method: 'adabreg', learningRate: 0.01, lambda: 0.1 },
    },
    runs: [{ label: 'noise' }],
    ...{ seeds: [0], quick: {} },
    tables: [
      {
        title: 'End',
        columns: ['input loss', 'loss against input', 'alive/skip*', 'rows/fc1'].map((metric) => ({
          metric,
        })),
      },
    ],
    figures: [
      { kind: 'images', name: 'images', caption: 'Images', count: 3 },
      { kind: 'connections', name: 'skips', caption: 'Skips', run: 'noise' },
    ],
  });
  const set = { data: join(cwd, 'data') };
  const { report, outcomes } = await watched({ ...experiment, set }, { out: join(cwd, 'out') });
  assert.deepEqual(report.warnings, []);
  const [, input, ratio, alive] = report.tables[0].rows[0].map(Number);
  assert.ok(Math.abs(input - 0.25) < 0.02);
  assert.ok(Math.abs(ratio - outcomes[0].summary!.test!.loss / input) < 0.01);
  assert.ok(alive > 0 && alive <= 3);
  const [images, skips] = report.figures.map(({ chart }) => chart);
  assert.ok(images.kind === 'images' && skips.kind === 'heatmap');
  assert.deepEqual(
    images.rows.map((row) => [row.name, row.images.length]),
    [
      ['noise: corrupted', 3],
      ['restored', 3],
      ['clean', 3],
    ],
  );
  assert.deepEqual(
    [skips.rows, skips.columns],
    [
      ['fc1', 'fc2'],
      [0, 1],
    ],
  );
});

test('compressed sensing runs as an experiment, and is kept', async (t) => {
  const { cwd, experiment } = await toy(t, {
    base: undefined,
    recovery: { equations: 30, unknowns: 60, nonZeros: 3, lambda: 5, iterations: 60 },
    ...{ epochs: undefined, quick: {}, runs: [{ label: 'LinBreg' }] },
    tables: [{ title: 'End', columns: [{ metric: 'error' }, { metric: 'support' }] }],
    figures: [{ kind: 'epochs', name: 'error', caption: 'Error', metric: 'error', scale: 'log' }],
  });
  const out = join(cwd, 'out');
  const first = await watched(experiment, { out });
  const again = await watched(experiment, { out });
  assert.deepEqual([again.trained, again.old.length], [[], 2]);
  assert.deepEqual(again.report.tables, first.report.tables);
  const [{ chart }] = again.report.figures;
  assert.ok(chart.kind === 'lines');
  assert.deepEqual([chart.x.label, chart.series[0].points.length], ['iteration', 3]);
});
