import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { ConfigError } from '@bregman/core/train';
import {
  type Experiment,
  experimentNames,
  loadExperiment,
  parseExperiment,
  planRuns,
} from '#lib/reproduce/index.js';
import { temporaryFolder } from '../../../core/test/train/toy.js';
import { toyInput } from './toy.js';

const names = await experimentNames();

test('the experiments of the paper, and ours', () => {
  assert.deepEqual(names, [
    'autoencoder',
    'cheap-training',
    'cifar10-resnet',
    'densenet',
    'fashion-groups',
    'initialization',
    'mnist-optimizers',
    'momentum',
    'skip-encoder',
    'sparse-recovery',
    'target-density',
  ]);
});

for (const name of names) {
  test(`${name}: every run is a valid configuration, in full and quick`, async () => {
    const experiment = await loadExperiment(name);
    const full = await planRuns(experiment, {}, 'out');
    const quick = await planRuns(experiment, { quick: true }, 'out');
    assert.ok(full.length >= experiment.runs.length);
    assert.ok(quick.length > 0 && quick.length <= full.length);
    assert.deepEqual(
      new Set(full.map(({ label }) => label)),
      new Set(experiment.runs.map(({ label }) => label)),
    );
    assert.equal(new Set(full.map(({ path }) => path)).size, full.length);
    for (const { seed, work } of full) assert.equal(work.config.seed, seed);
    for (const { work } of quick) {
      if (work.kind === 'training') assert.ok((work.config.samples?.train ?? Infinity) <= 12_000);
    }
  });
}

test('the example of the docs is an experiment', async () => {
  const docs = await readFile(new URL('../../../../docs/reproduce.md', import.meta.url), 'utf8');
  const [, example] = /```json\n([\s\S]*?)```/.exec(docs)!;
  const experiment = parseExperiment(JSON.parse(example), 'mine.json');
  assert.equal((await planRuns(experiment, {}, 'out')).length, 6);
});

test('full runs take at least three seeds where two cores can do them in an hour', async () => {
  for (const name of [
    'mnist-optimizers',
    'momentum',
    'autoencoder',
    'initialization',
    'target-density',
    'sparse-recovery',
  ]) {
    const planned = await planRuns(await loadExperiment(name), {}, 'out');
    for (const { label } of planned) {
      const seeds = planned.filter((run) => run.label === label).length;
      assert.ok(seeds >= 3, `${name}, ${label}: ${seeds}`);
    }
  }
});

/** Mistakes in a file, each with the message it earns. */
const wrong: readonly [change: Record<string, unknown>, message: RegExp][] = [
  [{ title: undefined }, /^toy.json: title: is missing$/],
  [{ titel: 'A' }, /^toy.json: titel: unknown key; it must be one of the keys title, shows/],
  [{ runs: [] }, /^toy.json: runs: \[\] is not allowed; it must be a list of one or more$/],
  [{ seeds: [-1] }, /^toy.json: seeds.0: -1 is not allowed/],
  [{ base: undefined }, /^toy.json: base: give a base configuration or a recovery problem/],
  [{ recovery: {} }, /^toy.json: base: give a base configuration or a recovery problem/],
  [
    { runs: [{ label: 'small λ' }, { label: 'Small λ!' }] },
    /^toy.json: runs.1.label: "Small λ!" is too much like "small λ"$/,
  ],
  [
    { runs: [{ label: 'small λ', references: [{ source: 'x', at: 1, values: { acc: 1 } }] }] },
    /^toy.json: runs.0.references.0.values: there is no metric 'acc'; there are train accuracy/,
  ],
  [
    { tables: [{ title: 'T', columns: [{ metric: 'densty' }] }] },
    /^toy.json: tables.0.columns: there is no metric 'densty'/,
  ],
  [
    { tables: [{ title: 'T', columns: [{ metric: 'density' }], runs: ['none'] }] },
    /^toy.json: tables.0.runs: there is no run "none"; there are small λ, large λ$/,
  ],
  [{ quick: { runs: ['none'] } }, /^toy.json: quick.runs: there is no run "none"/],
  [
    { figures: [{ kind: 'pie', name: 'a', caption: 'b' }] },
    /^toy.json: figures.0.kind: "pie" is not allowed; it must be one of "epochs", "hours", "against"/,
  ],
  [
    { figures: [{ kind: 'epochs', name: 'a/b', caption: 'c', metric: 'density' }] },
    /^toy.json: figures.0.name: "a\/b" is not allowed; it must be a name of letters, digits/,
  ],
  [
    {
      figures: ['density', 'lambda'].map((metric) => ({
        kind: 'epochs',
        name: 'a',
        caption: 'c',
        metric,
      })),
    },
    /^toy.json: figures.1.name: two figures are named "a"$/,
  ],
];

test('each mistake in a file earns one line: file, path, what is allowed', () => {
  for (const [change, message] of wrong) {
    const input = JSON.parse(JSON.stringify({ ...toyInput('data'), ...change }));
    assert.throws(
      () => parseExperiment(input, 'toy.json'),
      (error) => {
        assert.ok(error instanceof ConfigError);
        assert.match(error.message, message);
        assert.ok(!error.message.includes('\n'));
        return true;
      },
    );
  }
});

test('a wrong value of a run is named with its run', async () => {
  const plan = (set: Record<string, unknown>) =>
    planRuns(
      parseExperiment(
        { ...toyInput('data'), runs: [{ label: 'a', set }], quick: {}, figures: [] },
        'toy.json',
      ),
      {},
      'out',
    );
  await assert.rejects(plan({ 'optimizer.lamda': 1 }), {
    message: /^toy.json: run "a": optimizer.lamda: unknown key/,
  });
  await assert.rejects(plan({ 'data.x': 1 }), {
    message: /^toy.json: run "a": set data.x: 'data' is no object$/,
  });
});

test('values are set for all, then for the run, then for --quick', async () => {
  const input = {
    ...toyInput('data'),
    figures: [],
    tables: [],
    set: { samples: { train: 500, test: 40 }, 'optimizer.lambda': 1 },
    runs: [{ label: 'a', set: { optimizer: { lambda: 2 }, 'samples.train': 400 } }, { label: 'b' }],
    quick: { set: { 'optimizer.lambda': 3 } },
  };
  const experiment = parseExperiment(JSON.parse(JSON.stringify(input)), 'toy.json');
  const planned = async (quick: boolean) =>
    (await planRuns(experiment, { quick, seeds: 1 }, 'out')).map(({ work }) => {
      assert.ok(work.kind === 'training');
      return [work.config.optimizer.lambda, work.config.samples?.train];
    });
  assert.deepEqual(await planned(false), [
    [2, 400],
    [1, 500],
  ]);
  assert.deepEqual(await planned(true), [
    [3, 400],
    [3, 500],
  ]);
});

test('compressed sensing has no epochs, no base and no data', async () => {
  const recovery = { equations: 30, unknowns: 60, nonZeros: 3, lambda: 5 };
  const input = (changes: object) => ({
    title: 'T',
    shows: 's',
    source: 'o',
    duration: 'd',
    recovery,
    runs: [{ label: 'a' }],
    ...changes,
  });
  for (const [changes, message] of [
    [{ epochs: 3 }, /^toy.json: epochs: compressed sensing has iterations, no epochs$/],
    [{ quick: { epochs: 3 } }, /^toy.json: quick.epochs: compressed sensing has iterations/],
    [{ runs: [{ label: 'a', epochs: 3 }] }, /^toy.json: runs.0.epochs: compressed sensing has/],
    [{ runs: [{ label: 'a', base: 'mnist-mlp' }] }, /^toy.json: runs.0.base: compressed sensing/],
  ] as const) {
    assert.throws(() => parseExperiment(input(changes), 'toy.json'), { message });
  }
  const experiment = parseExperiment(input({}), 'toy.json');
  for (const extent of [{ epochs: 5 }, { dataDir: 'data' }]) {
    await assert.rejects(planRuns(experiment, extent, 'out'), (error) => {
      assert.ok(error instanceof ConfigError);
      assert.match(error.message, /^--(epochs 5|data data): toy /);
      return true;
    });
  }
});

test('an unknown experiment is named with the nearest one', async () => {
  await assert.rejects(loadExperiment('momentun'), /did you mean momentum\?/);
  await assert.rejects(loadExperiment('../package'), (error) => {
    assert.ok(error instanceof ConfigError);
    assert.match(error.message, /cannot read/);
    return true;
  });
});

/** What the runs of an experiment take their data from. */
async function dataOf(experiment: Experiment, dataDir: string) {
  const planned = await planRuns(experiment, { dataDir }, 'out');
  return planned.map(({ work }) => {
    assert.ok(work.kind === 'training');
    return [work.config.data, work.config.dataDir];
  });
}

test('--data: the files of the set, a folder named after it, or images', async (t) => {
  const dir = await temporaryFolder(t);
  const on = (...sets: string[]) =>
    parseExperiment(
      {
        ...toyInput('mnist'),
        seeds: [0],
        tables: [],
        figures: [],
        quick: {},
        runs: sets.map((data) => ({ label: data, set: { data } })),
      },
      'toy.json',
    );
  assert.deepEqual(await dataOf(on('cifar10'), dir), [['cifar10', dir]]);
  assert.deepEqual(await dataOf(on('mnist'), dir), [['mnist', dir]]);
  // MNIST comes with the package: the folder is meant for the other set.
  assert.deepEqual(await dataOf(on('mnist', 'fashion-mnist'), dir), [
    ['mnist', null],
    ['fashion-mnist', dir],
  ]);
  await mkdir(join(dir, 'fashion-mnist'));
  assert.deepEqual((await dataOf(on('fashion-mnist'), dir))[0][1], join(dir, 'fashion-mnist'));
  await mkdir(join(dir, 'train'));
  await writeFile(join(dir, 'README'), '');
  assert.deepEqual(await dataOf(on('cifar10'), dir), [[dir, null]]);
  await assert.rejects(dataOf(on('cifar10'), join(dir, 'none')), /cannot read .*none/);
});
