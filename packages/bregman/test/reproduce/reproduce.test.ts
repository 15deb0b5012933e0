import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { hasWideVectors } from '@bregman/core/engine';
import { decodeSafetensors, encodeSafetensors } from '@bregman/core/files';
import { readBytes } from '#lib/files/index.js';
import {
  type Experiment,
  type PlannedRun,
  parseExperiment,
  type ReproduceOptions,
  reproduce,
} from '#lib/reproduce/index.js';
import { statistics } from '#lib/reproduce/statistics.js';
import { readMetrics } from '#lib/runs/index.js';
import { timeless } from '../../../core/test/train/toy.js';
import { toy } from './toy.js';

/** Runs it, and notes which runs were trained and which were there already. */
async function watched(experiment: Experiment, options: ReproduceOptions) {
  const [trained, old]: string[][] = [[], []];
  const name = ({ label, seed }: PlannedRun) => `${label} ${seed}`;
  const result = await reproduce(experiment, {
    threads: 1,
    ...options,
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
  assert.equal(first.report.tables.length, 2);
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
  assert.equal(comparison.title, 'small λ, beside somebody');
  assert.deepEqual(
    comparison.rows.map(([metric, at]) => [metric, at]),
    [
      ['test accuracy', '3'],
      ['density', '1'],
    ],
  );
  assert.match(comparison.rows[0][2], /^\d[\d.]* ± [\d.]+ %$/);
  assert.equal(comparison.rows[0][3], '15.0 ± 7.1 %');
  assert.match(comparison.rows[1][4], /points denser$/);
  assert.match(comparison.notes?.[0] ?? '', /^Mean ± standard deviation/);

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

test('a metric over the hours: the means of the seeds, and references that know the hours', async (t) => {
  const references = [
    { source: 'somebody', at: 1, values: { hours: 1, density: 0.1 } },
    { source: 'somebody', at: 3, values: { hours: 3, density: 0.2 } },
    { source: 'nobody', at: 3, values: { density: 0.3 } },
  ];
  const { cwd, experiment } = await toy(t, {
    runs: [{ label: 'small λ', references }],
    tables: [{ title: 'End', columns: [{ metric: 'hours' }, { metric: 'peak memory' }] }],
    figures: [{ kind: 'hours', name: 'h', caption: 'Density', metric: 'density', hours: 'log' }],
  });
  const { report, outcomes } = await watched(experiment, { out: join(cwd, 'out') });
  const [{ chart }] = report.figures;
  assert.ok(chart.kind === 'lines');
  assert.deepEqual([chart.x.label, chart.x.scale], ['training and validation (h)', 'log']);
  const [ours, theirs, ...others] = chart.series;
  assert.equal(others.length, 0);
  assert.deepEqual(theirs.points, [
    { x: 1, y: 0.1 },
    { x: 3, y: 0.2 },
  ]);
  const hours = outcomes.map(({ curve }) => curve[1].row.seconds / 3600);
  assert.equal(ours.points.length, 3);
  assert.ok(Math.abs(ours.points[1].x - (hours[0] + hours[1]) / 2) < 1e-12);
  const peak = outcomes.map(({ summary }) => summary!.peakMemoryBytes / 1e6);
  assert.ok(Math.abs(outcomes[0].end['peak memory'] - peak[0]) < 1e-9);
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

test('an unfinished run that is damaged is named, and the others go on', async (t) => {
  const { cwd, experiment } = await toy(t, { quick: {} });
  const out = join(cwd, 'out');
  await reproduce(experiment, { out, threads: 1 });
  const folder = (label: string, seed: number) => join(out, 'runs', label, `seed-${seed}`);
  const unfinished = [
    folder('small-lambda', 0),
    folder('large-lambda', 0),
    folder('large-lambda', 1),
  ];
  for (const path of unfinished) await rm(join(path, 'summary.json'));
  const [truncated, bare, foreign] = unfinished;
  const state = await readFile(join(truncated, 'state.safetensors'));
  await writeFile(join(truncated, 'state.safetensors'), state.subarray(0, state.length / 2));
  // As a kill between its first two files leaves it.
  for (const name of [
    'metrics.jsonl',
    'state.safetensors',
    'last.safetensors',
    'best.safetensors',
  ]) {
    await rm(join(bare, name));
  }
  const { tensors, metadata } = decodeSafetensors(
    await readBytes(join(foreign, 'state.safetensors')),
    foreign,
  );
  const others = new Map([...tensors].filter(([name]) => name !== 'fc1.weight'));
  await writeFile(join(foreign, 'state.safetensors'), encodeSafetensors(others, metadata));

  const { report, old } = await watched(experiment, { out });
  assert.deepEqual(old, ['small λ 1']);
  const [first, second, third] = report.warnings;
  assert.match(
    first,
    /^small λ, seed 0 is missing: .*state.safetensors: .*; to run it again, remove/,
  );
  assert.match(
    second,
    /^large λ, seed 0 is missing: cannot read .*metrics.jsonl.*; to run it again/,
  );
  assert.match(third, /^large λ, seed 1 is missing: .*fc1.weight is missing.*; to run it again/);
  assert.equal(report.warnings.length, 3);
});

test('an older summary says no machine, and counts as finished', async (t) => {
  const { cwd, experiment } = await toy(t, {
    runs: [{ label: 'a' }],
    tables: [],
    figures: [],
    quick: {},
  });
  const out = join(cwd, 'out');
  const fresh = await watched(experiment, { out });
  const provenance = ({ report }: typeof fresh) => Object.fromEntries(report.provenance);
  const machine = provenance(fresh).machine;
  const wide = hasWideVectors() ? ', wide vectors' : '';
  assert.match(machine, new RegExp(`\\d+ cores, Node v\\d.*, kernels (relaxed|simd)${wide}$`));
  assert.equal(provenance(fresh)['report written on'], undefined);

  const forget = async (seed: number) => {
    const file = join(out, 'runs', 'a', `seed-${seed}`, 'summary.json');
    const { machine: _, ...rest } = JSON.parse(await readFile(file, 'utf8'));
    await writeFile(file, JSON.stringify(rest));
  };
  await forget(0);
  const mixed = await watched(experiment, { out });
  assert.deepEqual([mixed.trained, mixed.old], [[], ['a 0', 'a 1']]);
  assert.equal(provenance(mixed).machine, `${machine} (1 of 2 runs say it)`);
  await forget(1);
  const old = provenance(await watched(experiment, { out }));
  assert.equal(old.machine, undefined);
  assert.match(old['report written on'], /cores, Node v.*, bregman \d/);
});

test('a folder of data may move: the runs on it stay finished', async (t) => {
  const { cwd, experiment } = await toy(t, {
    runs: [{ label: 'a' }],
    quick: {},
    seeds: [0],
    tables: [],
    figures: [],
  });
  const out = join(cwd, 'out');
  await reproduce(experiment, { out, threads: 1 });
  const on = (data: string) => ({ ...experiment, set: { data } });
  await mkdir(join(cwd, 'elsewhere'));
  await rename(join(cwd, 'data'), join(cwd, 'elsewhere', 'data'));
  const moved = await watched(on(join(cwd, 'elsewhere', 'data')), { out });
  assert.deepEqual([moved.trained, moved.old], [[], ['a 0']]);
  assert.equal(Object.fromEntries(moved.report.provenance).data, 'folder data');
  await assert.rejects(reproduce(on('mnist'), { out }), {
    message: /another configuration \(data: "folder data", not "mnist"\)/,
  });
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
  assert.deepEqual(report.warnings, [
    'Shortened (--quick): 1 epoch instead of 3, 1 seed instead of 2, 1 of 2 runs, other samples. ' +
      'It shows that it runs, not what it reaches.',
  ]);
  assert.equal(report.tables.length, 1);
  assert.equal(report.tables[0].rows.length, 1);
});

test('what is run otherwise than the experiment says is said', async (t) => {
  const { cwd, experiment } = await toy(t);
  const warnings = async (options: ReproduceOptions, out: string) => {
    const { report } = await watched(experiment, { ...options, out: join(cwd, out) });
    return report.warnings;
  };
  assert.deepEqual(await warnings({ epochs: 1, seeds: 1 }, 'short'), [
    'Not as the experiment says: 1 epoch instead of 3, 1 seed instead of 2.',
  ]);
  assert.deepEqual(await warnings({ quick: true, epochs: 3, seeds: 3 }, 'quick'), [
    'Shortened (--quick): 1 of 2 runs, other samples. It shows that it runs, not what it reaches.',
  ]);
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

  // What is finished further on than the run that is stopped is in the report.
  await rm(join(out, 'runs', 'large-lambda', 'seed-0'), { recursive: true });
  const second = new AbortController();
  const observer = { onEpoch: () => second.abort() };
  const early = await watched(experiment, { out, signal: second.signal, observer });
  assert.deepEqual(
    early.old,
    runs.filter((run) => run !== 'large λ 0'),
  );
  assert.match(early.report.warnings.join(), /incomplete: interrupted when 3 of 4 runs were done/);
  await watched(experiment, { out });
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
    { label: 'too many', set: { samples: { train: 5000 } } },
    { label: 'held back', set: { validation: 5000 } },
    { label: 'last', set: {} },
  );
  const { report, outcomes } = await watched(parseExperiment(input, file), {
    out: join(cwd, 'out'),
    seeds: 1,
  });
  assert.equal(outcomes.length, 3);
  assert.equal(report.warnings.length, 6);
  assert.match(report.warnings[0], /^Not as the experiment says: 1 seed instead of 2\.$/);
  assert.match(report.warnings[1], /^wild, seed 0 is missing: training diverged at step \d+/);
  assert.match(
    report.warnings[2],
    /^all runs on none are missing: no data set or folder.*--data DIR/,
  );
  assert.match(report.warnings[3], /^large batch, seed 0 is missing: batchSize: 5000 is more than/);
  assert.match(
    report.warnings[4],
    /^too many, seed 0 is missing: samples.train: 5000 are more than the 600 that there are$/,
  );
  assert.match(report.warnings[5], /^held back, seed 0 is missing: validation: cannot hold back/);
  assert.equal(report.tables[0].rows.length, 9);

  const lost = { ...experiment, runs: [{ ...experiment.runs[0], set: { data: 'nowhere' } }] };
  await assert.rejects(reproduce(lost, { out: join(cwd, 'lost') }), {
    message: /^toy: nothing could be run: all runs on nowhere are missing: no data set or folder/,
  });
  // Where something is there, or the place was given, --data is no advice.
  await writeFile(join(cwd, 'data', 'train-images-idx3-ubyte'), 'no images');
  for (const options of [{}, { dataDir: join(cwd, 'data') }]) {
    const damaged = reproduce(experiment, { ...options, out: join(cwd, 'damaged') });
    await assert.rejects(damaged, ({ message }) => {
      assert.match(message, /all runs on data are missing: .*train-images-idx3-ubyte/);
      assert.doesNotMatch(message, /--data DIR/);
      return true;
    });
  }
});

test('a metric of a layer that no run has is named', async (t) => {
  const { cwd, experiment } = await toy(t, {
    runs: [{ label: 'a' }],
    seeds: [0],
    quick: {},
    tables: [
      {
        title: 'End',
        columns: [
          'rows/NOPE',
          'alive/skip*',
          'config/optimizer.lamda',
          'reaches/1',
          'rows/fc1',
        ].map((metric) => ({ metric })),
      },
    ],
    figures: [{ kind: 'epochs', name: 'f', caption: 'F', metric: 'density/fc9' }],
  });
  const { report } = await watched(experiment, { out: join(cwd, 'out') });
  assert.deepEqual(report.warnings, [
    'table "End": no run has rows/NOPE (did you mean rows/fc1?)',
    'table "End": no run has alive/skip* (did you mean alive/fc1?)',
    'table "End": no run has a number at config/optimizer.lamda',
    'figure f: no run has density/fc9 (did you mean density/fc1?)',
  ]);
});

test('restoration: images, the error of the input, and what is left of the layers', async (t) => {
  const { cwd, experiment } = await toy(t, {
    base: {
      validation: 100,
      batchSize: 32,
      loss: 'squared-error',
      task: { kind: 'denoise', noise: 0.5 },
      model: { kind: 'skip-encoder', depth: 2 },
      start: { density: 0.5, gain: 1, groups: [{ parameters: ['@add'], density: 0 }] },
      optimizer: { method: 'adabreg', learningRate: 0.01, lambda: 0.1 },
    },
    runs: [{ label: 'noise' }, { label: 'more noise', set: { 'task.noise': 0.6 } }],
    seeds: [0, 1],
    quick: {},
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
  const [, input, ratio, alive] = report.tables[0].rows[0].map(Number.parseFloat);
  assert.ok(Math.abs(input - 0.25) < 0.02);
  // Each seed has noise of its own.
  assert.match(report.tables[0].rows[0][1], /^0\.\d+ ± /);
  const own = outcomes.filter(({ run }) => run.label === 'noise');
  const loss = statistics(own.map(({ summary }) => summary!.test!.loss)).mean;
  assert.ok(Math.abs(ratio - loss / input) < 0.01);
  assert.ok(alive > 0 && alive <= 3);
  const [images, skips] = report.figures.map(({ chart }) => chart);
  assert.ok(images.kind === 'images' && skips.kind === 'heatmap');
  assert.deepEqual(
    images.rows.map((row) => [row.name, row.images.length]),
    [
      ['noise, seed 0: corrupted', 3],
      ['restored', 3],
      ['clean', 3],
      ['more noise, seed 0: corrupted', 3],
      ['restored', 3],
      ['clean', 3],
    ],
  );
  assert.equal(report.figures[1].caption, 'Skips (seed 0)');
  assert.deepEqual(
    [skips.rows, skips.columns],
    [
      ['fc1', 'fc2'],
      [0, 1],
    ],
  );

  const out = join(cwd, 'out');
  await writeFile(join(out, 'runs', 'more-noise', 'seed-0', 'last.safetensors'), 'none');
  const rest = await watched({ ...experiment, set }, { out });
  assert.equal(rest.report.warnings.length, 1);
  assert.match(
    rest.report.warnings[0],
    /^figure images: more noise, seed 0 is left out: .*last.safetensors/,
  );
  const [{ chart }] = rest.report.figures;
  assert.ok(chart.kind === 'images');
  assert.equal(chart.rows.length, 3);
});

test('compressed sensing runs as an experiment, and is kept', async (t) => {
  const { cwd, experiment } = await toy(t, {
    base: undefined,
    recovery: { equations: 30, unknowns: 60, nonZeros: 3, lambda: 5, iterations: 60 },
    epochs: undefined,
    quick: {},
    runs: [{ label: 'LinBreg' }],
    tables: [{ title: 'End', columns: [{ metric: 'error', at: 20 }, { metric: 'support' }] }],
    figures: [{ kind: 'epochs', name: 'error', caption: 'Error', metric: 'error', scale: 'log' }],
  });
  const out = join(cwd, 'out');
  const first = await watched(experiment, { out });
  const again = await watched(experiment, { out });
  assert.deepEqual([again.trained, again.old.length], [[], 2]);
  assert.deepEqual(again.report.tables, first.report.tables);
  assert.match(again.report.tables[0].columns[1].name, /, iteration 20$/);
  assert.match(Object.fromEntries(again.report.provenance).machine, /cores, Node v\d/);
  const [{ chart }] = again.report.figures;
  assert.ok(chart.kind === 'lines');
  assert.deepEqual([chart.x.label, chart.series[0].points.length], ['iteration', 3]);
});
