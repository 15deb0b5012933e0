import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { version } from '@bregman/core';
import { whyNoWideVectors } from '@bregman/core/engine';
import { encodeSafetensors } from '@bregman/core/files';
import { presets } from '@bregman/core/train';
import {
  bregman,
  controlCharacters,
  jsonLines,
  main,
  type Outcome,
  run,
  small,
  workplace,
} from './bregman.js';

const commands = ['train', 'resume', 'eval', 'predict', 'inspect', 'plot', 'presets'];
const isRoot = process.getuid?.() === 0;

/** One line on standard error and nothing on standard output, with this exit code. */
function assertFailure(outcome: Outcome, code: number, message: RegExp): void {
  assert.deepEqual(
    { code: outcome.code, stdout: outcome.stdout, lines: outcome.stderr.split('\n').length },
    { code, stdout: '', lines: 2 },
    outcome.stderr,
  );
  assert.match(outcome.stderr, /^bregman: /);
  assert.match(outcome.stderr, message);
}

test('help has examples, version is the version', async () => {
  const help = await bregman(['--help']);
  assert.equal(help.code, 0);
  for (const command of commands) {
    assert.ok(help.stdout.includes(`  ${command} `), command);
    const { code, stdout } = await bregman([command, '--help']);
    assert.equal(code, 0);
    assert.match(stdout, new RegExp(`Examples:\\n {2}\\$ bregman ${command}`));
  }
  assert.equal((await bregman(['--version'])).stdout, `${version}\n`);
});

/** To be loaded before a program: as if its V8 knew the flag, in a version that nobody has tested. */
const untested = `data:text/javascript,${encodeURIComponent(`
  const versions = { ...process.versions, v8: '99.1.2.3-node.4' };
  const variables = { ...process.config.variables, v8_enable_wasm_simd256_revec: 1 };
  Object.defineProperty(process, 'versions', { value: versions });
  Object.defineProperty(process, 'config', { value: { ...process.config, variables } });
`)}`;
const isUntested = `V8 99.1.2 of Node ${process.version} is not tested with wide vectors`;

test('help ends with why there are no wide vectors, where there are none', async () => {
  const here = await bregman(['--help']);
  const reason = whyNoWideVectors();
  assert.equal(here.stdout.includes('On vectors of 128 bits'), reason !== undefined);
  assert.ok(here.stdout.endsWith(reason === undefined ? 'mnist-mlp-1\n' : `: ${reason}.\n`));
  const elsewhere = await run(process.execPath, ['--import', untested, main, '--help']);
  assert.ok(elsewhere.stdout.endsWith(`\n\nOn vectors of 128 bits: ${isUntested}.\n`));
});

test('without a command the help is shown on standard error', async () => {
  const { code, stdout, stderr } = await bregman([]);
  assert.deepEqual([code, stdout], [2, '']);
  assert.match(stderr, /^Usage: bregman/);
});

test('wrong usage is exit code 2 and one line', async (t) => {
  const cwd = await workplace(t);
  await writeFile(join(cwd, 'c.json'), '{"model":{"kind":"mlp","hidden":[-1]}}');
  const wrong: readonly [args: readonly string[], message: RegExp][] = [
    [['trian'], /unknown command 'trian' \(Did you mean train\?\)/],
    [['train'], /missing required argument/],
    [
      ['train', 'mnist-mlp', '--epoch', '3'],
      /unknown option '--epoch' \(Did you mean --epochs\?\)/,
    ],
    [['train', 'mnist-mlp', 'x'], /too many arguments/],
    [['train', 'minst-mlp'], /no preset 'minst-mlp' \(did you mean mnist-mlp\?\).*fashion-mlp/],
    [['train', 'mnist-mlp', '--epochs', '0'], /epochs: 0 is not allowed/],
    [['train', 'mnist-mlp', '--epochs', 'ten'], /epochs: "ten" is not allowed; .* whole number/],
    [['train', 'mnist-mlp', '--seed', '-1'], /seed: -1 is not allowed/],
    [['train', 'mnist-mlp', '--threads', '0'], /--threads: 0 is not allowed/],
    [['train', 'mnist-mlp', '--density', '5'], /lambdaPolicy.density: 5 is not allowed/],
    [['train', 'mnist-mlp-rigl', '--density', '5'], /support.density: 5 is not allowed/],
    [['train', 'mnist-mlp', '--density', 'low%'], /lambdaPolicy.density: "low%" is not allowed/],
    [['train', 'mnist-mlp', '--set', 'epochs'], /--set epochs: write path=value/],
    [
      ['train', 'mnist-mlp', '--set', 'optimizer.lambda=NaN'],
      /optimizer.lambda: NaN is not allowed/,
    ],
    [['train', 'mnist-mlp', '--set', 'optimiser.lambda=1'], /optimiser: unknown key/],
    [['train', 'c.json'], /c.json: model.hidden.0: -1 is not allowed/],
    [['eval', '.', '--split', 'all'], /'all' is invalid. Allowed choices are train, validation/],
    [['resume', '.', '--epochs', '1.5'], /--epochs: "1.5" is not allowed/],
  ];
  for (const [args, message] of wrong) assertFailure(await bregman(args, { cwd }), 2, message);
});

test('a configuration that does not fit the data is exit code 2 and leaves no folder', async (t) => {
  const cwd = await workplace(t);
  const unfit: readonly [args: readonly string[], message: RegExp][] = [
    [['train', 'mnist-mlp-sgd', '--density', '5%'], /target-density needs linbreg or adabreg/],
    [[...small, '--set', 'batchSize=501'], /batchSize: 501 is more than the 500 samples/],
  ];
  for (const [args, message] of unfit) {
    const { code, stderr } = await bregman(args, { cwd });
    assert.equal(code, 2);
    assert.match(stderr, /^bregman: .*\n$/);
    assert.match(stderr, message);
  }
  assert.deepEqual(await readdir(join(cwd, 'runs')), []);
});

test('failures are exit code 1 and one line', async (t) => {
  const cwd = await workplace(t);
  await mkdir(join(cwd, 'bare'));
  const tensors = new Map([['fc1.weight', { shape: [1, 2], data: Float32Array.of(0, 1) }]]);
  await writeFile(join(cwd, 'bare', 'model.safetensors'), encodeSafetensors(tensors));
  const name = '\u001b[31m\u009bfc.weight';
  const hostile = `{"${JSON.stringify(name).slice(1, -1)}":{"dtype":"F64\\u001b","shape":[],"data_offsets":[0,0]}}`;
  const header = Buffer.alloc(8);
  header.writeUInt32LE(Buffer.byteLength(hostile));
  await writeFile(join(cwd, 'hostile.safetensors'), Buffer.concat([header, Buffer.from(hostile)]));
  await writeFile(join(cwd, 'huge.safetensors'), Buffer.alloc(8, 0xff));
  await writeFile(join(cwd, 'broken.json'), '{"model":\n');
  const failing: readonly [args: readonly string[], message: RegExp][] = [
    [['train', 'none.json'], /cannot read none.json: no such file/],
    [['train', 'broken.json'], /broken.json: no valid JSON/],
    [['train', 'mnist-mlp', '--data', 'none'], /cannot read .*none: no such file/],
    [[...small, '--out', 'data'], /data is not empty; choose an empty or a new folder/],
    [[...small, '--out', 'broken.json'], /cannot write broken.json/],
    [['resume', 'none'], /cannot read none.config.json: no such file/],
    [['eval', 'data'], /data: there is no last.safetensors/],
    [['eval', 'bare/model.safetensors'], /there is no config.json beside it/],
    [['inspect', 'none.safetensors'], /cannot read none.safetensors: no such file/],
    [['inspect', 'hostile.safetensors'], /not a valid safetensors file/],
    [['inspect', 'huge.safetensors'], /announces a header of 18446744073709551615 bytes/],
    [['eval', 'huge.safetensors', '--json'], /not a valid safetensors file/],
  ];
  for (const [args, message] of failing) {
    const outcome = await bregman(args, { cwd });
    assertFailure(outcome, 1, message);
    assert.deepEqual(controlCharacters(outcome.stderr), []);
  }
  const { stderr } = await bregman(['inspect', 'none'], { cwd, env: { BREGMAN_DEBUG: '1' } });
  assert.match(stderr, /^bregman: cannot read none: .*\nUserError: .*\n {4}at /);
});

test('a fault of ours is not reported as the user’s', async (t) => {
  const cwd = await workplace(t);
  await writeFile(join(cwd, 'mine.json'), '{}');
  const fault = 'JSON.parse = () => { throw new TypeError("x is undefined") };';
  const breaking = ['--import', `data:text/javascript,${encodeURIComponent(fault)}`];
  const args = [...breaking, main, 'train', 'mine.json'];
  const outcome = await run(process.execPath, args, { cwd });
  assertFailure(outcome, 1, /^bregman: a fault in bregman, not in what .*: TypeError: x is undef/);
  const debugged = await run(process.execPath, args, { cwd, env: { BREGMAN_DEBUG: '1' } });
  assert.match(debugged.stderr, /\n {4}at /);
});

test('a folder that cannot be written', {
  skip: isRoot && 'root may write everywhere',
}, async (t) => {
  const cwd = await workplace(t);
  await mkdir(join(cwd, 'locked'));
  await chmod(join(cwd, 'locked'), 0o500);
  assertFailure(await bregman([...small, '--out', 'locked/run'], { cwd }), 1, /permission denied/);
});

test('a disk that fills up in the middle is one line', async (t) => {
  // A limit on the size of files stands for the disk: metrics.jsonl outgrows it.
  const cwd = await workplace(t);
  const script = 'ulimit -f 32; trap "" XFSZ; exec "$@"';
  const args = [main, ...small, '--epochs', '200', '--json', '--out', 'run'];
  const outcome = await run('bash', ['-c', script, 'sh', process.execPath, ...args], { cwd });
  assert.equal(outcome.code, 1);
  assert.match(outcome.stderr, /\nbregman: cannot write run.metrics.jsonl: .*\n$/);
  assert.ok(jsonLines(outcome.stdout).length > 10);
  assert.equal((await bregman(['eval', 'run'], { cwd })).code, 0);
});

test('standard output that cannot be written is one line', async (t) => {
  if (!existsSync('/dev/full')) return t.skip('no /dev/full');
  const script = '"$@" > /dev/full';
  const outcome = await run('sh', ['-c', script, 'sh', process.execPath, main, 'presets']);
  assertFailure(outcome, 1, /no space left/i);
});

test('presets are listed', async () => {
  const { stdout } = await bregman(['presets', '--json']);
  assert.deepEqual(
    JSON.parse(stdout),
    Object.entries(presets).map(([name, { description }]) => ({ name, description })),
  );
  assert.match((await bregman(['presets'])).stdout, /^mnist-mlp {2,}MLP on MNIST/);
});

test('a run from start to end, in a pipe', async (t) => {
  const cwd = await workplace(t);
  const trained = await bregman([...small, '--epochs', '3'], { cwd });
  assert.deepEqual([trained.code, trained.stderr], [0, '']);
  assert.deepEqual(controlCharacters(trained.stdout), []);
  assert.equal(trained.stdout.match(/^[123] +\d/gm)?.length, 3);
  assert.match(trained.stdout, /^fc1 +16 × 64 +1,024 +[\d,]+ +[\d.]+ % +\d+ of 16/m);
  assert.match(trained.stdout, /^test [\d.]+ % \(loss/m);
  const path = join('runs', 'mnist-mlp-1');
  assert.ok(trained.stdout.endsWith(`the run is in ${path}\n`));
  assert.deepEqual((await readdir(join(cwd, path))).sort(), [
    'best.safetensors',
    'config.json',
    'last.safetensors',
    'metrics.jsonl',
    'state.safetensors',
    'summary.json',
  ]);

  const inspected = await bregman(['inspect', path], { cwd });
  assert.match(inspected.stdout, /^mlp 16 on \S*\/data, linbreg with l1.*\nepoch 3: .*\ntest /);
  const { layers, total, summary } = JSON.parse(
    (await bregman(['inspect', path, '--json'], { cwd })).stdout,
  );
  assert.equal(total.density, summary.density.total);
  assert.deepEqual(layers[0].shape, [16, 64]);

  const stored = JSON.parse(await readFile(join(cwd, path, 'summary.json'), 'utf8'));
  const scored = await bregman(['eval', path, '--json'], { cwd });
  assert.deepEqual(JSON.parse(scored.stdout), { split: 'test', ...stored.test });
  const best = join(path, 'best.safetensors');
  const validated = await bregman(['eval', best, '--split', 'validation', '--json'], { cwd });
  const metrics = jsonLines(await readFile(join(cwd, path, 'metrics.jsonl'), 'utf8'));
  const accuracies = metrics.map((each) => (each.validation as { accuracy: number }).accuracy);
  assert.equal(JSON.parse(validated.stdout).accuracy, Math.max(...accuracies));

  await bregman([...small, '--epochs', '1'], { cwd });
  assert.ok(existsSync(join(cwd, 'runs', 'mnist-mlp-2', 'summary.json')));
});

test('flags go before --set, --set before the file', async (t) => {
  const cwd = await workplace(t);
  await writeFile(
    join(cwd, 'mine.json'),
    JSON.stringify({
      data: './data',
      model: { kind: 'mlp', hidden: [8] },
      epochs: 9,
      seed: 9,
      batchSize: 32,
    }),
  );
  const policy = { kind: 'target-density', density: 0.5, rate: 0.2 };
  const values = ['epochs=5', 'seed=5', 'dataDir=x', `lambdaPolicy=${JSON.stringify(policy)}`];
  const sets = values.flatMap((value) => ['--set', value]);
  const flags = ['--epochs', '1', '--density', '5%', '--data', 'data', '--out', 'here'];
  const { code, stderr } = await bregman(['train', 'mine.json', ...sets, ...flags], { cwd });
  assert.equal(code, 0, stderr);
  const config = JSON.parse(await readFile(join(cwd, 'here', 'config.json'), 'utf8'));
  assert.deepEqual([config.epochs, config.seed, config.batchSize], [1, 5, 32]);
  assert.equal(config.dataDir, join(cwd, 'data'));
  const { kind, density, rate } = config.lambdaPolicy;
  assert.deepEqual([kind, density, rate], ['target-density', 0.05, 0.2]);
});

test('with --json standard output holds the metrics, then the summary', async (t) => {
  const cwd = await workplace(t);
  const { code, stdout, stderr } = await bregman([...small, '--epochs', '2', '--json'], { cwd });
  assert.equal(code, 0);
  const path = join(cwd, 'runs', 'mnist-mlp-1');
  const lines = jsonLines(stdout);
  assert.deepEqual(
    lines.slice(0, 2),
    jsonLines(await readFile(join(path, 'metrics.jsonl'), 'utf8')),
  );
  assert.deepEqual(lines[2], JSON.parse(await readFile(join(path, 'summary.json'), 'utf8')));
  assert.equal(lines.length, 3);
  assert.match(stderr, /the run is in /);
});

test('wide vectors where this Node has tested ones, none with --no-wide; the same weights', async (t) => {
  const cwd = await workplace(t);
  const train = async (out: string, flags: string[], ofNode: string[] = []) => {
    const args = [...ofNode, main, ...small, '--epochs', '1', '--out', out, ...flags];
    const { code, stderr } = await run(process.execPath, args, { cwd });
    assert.deepEqual([code, stderr.includes('unrecognized')], [0, false], stderr);
    const { machine } = JSON.parse(await readFile(join(cwd, out, 'summary.json'), 'utf8'));
    return {
      vectors: [machine.wideVectors, machine.whyNarrow],
      weights: await readFile(join(cwd, out, 'last.safetensors')),
    };
  };
  const wide = await train('wide', []);
  const narrow = await train('narrow', ['--no-wide']);
  const elsewhere = await train('elsewhere', [], ['--import', untested]);
  const reason = whyNoWideVectors();
  assert.deepEqual(wide.vectors, [reason === undefined, reason]);
  assert.deepEqual(narrow.vectors, [false, reason ?? 'nobody asked for wide vectors']);
  assert.deepEqual(elsewhere.vectors, [false, isUntested]);
  assert.deepEqual(wide.weights, narrow.weights);
});

test('divergence names the step and where the last checkpoint is', async (t) => {
  const cwd = await workplace(t);
  const args = [...small, '--set', 'schedule={"kind":"constant"}', '--epochs', '1', '--out', 'run'];
  assert.equal((await bregman(args, { cwd })).code, 0);
  const file = join(cwd, 'run', 'config.json');
  const config = JSON.parse(await readFile(file, 'utf8'));
  config.optimizer.learningRate = 1e30;
  await writeFile(file, JSON.stringify(config));
  const { code, stderr } = await bregman(['resume', 'run', '--epochs', '2'], { cwd });
  assert.equal(code, 1);
  assert.match(stderr, /^bregman: training diverged at step \d+ \(epoch 2\): .* stays in run\n$/);
  assert.equal((await bregman(['eval', 'run'], { cwd })).code, 0);
});

test('a checkpoint of another network is refused', async (t) => {
  const cwd = await workplace(t);
  for (const [out, hidden] of [
    ['a', '[16]'],
    ['b', '[17]'],
  ]) {
    const args = [...small, '--epochs', '1', '--out', out, '--set', `model.hidden=${hidden}`];
    assert.equal((await bregman(args, { cwd })).code, 0);
  }
  await copyFile(join(cwd, 'a/last.safetensors'), join(cwd, 'b/last.safetensors'));
  const evaluated = await bregman(['eval', 'b'], { cwd });
  assertFailure(evaluated, 1, /b.last.safetensors: fc1.weight is 16 × 64.*another network/);
  await copyFile(join(cwd, 'a/state.safetensors'), join(cwd, 'b/state.safetensors'));
  const resumed = await bregman(['resume', 'b', '--epochs', '2'], { cwd });
  assert.equal(resumed.code, 1);
  assert.match(resumed.stderr, /^bregman: .*another network\n$/);
});
