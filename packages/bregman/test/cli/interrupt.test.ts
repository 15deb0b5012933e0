import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { decodeSafetensors } from '@bregman/core/files';
import { readBytes } from '#lib/files/index.js';
import { readMetrics } from '#lib/runs/index.js';
import { bits, timeless } from '../../../core/test/train/toy.js';
import { bregman, jsonLines, main, run, small, workplace } from './bregman.js';

/** Everything that a run leaves, but for the clock. */
async function leavings(path: string) {
  const tensors = async (name: string) => {
    const file = join(path, name);
    return bits(decodeSafetensors(await readBytes(file), file).tensors);
  };
  return {
    metrics: timeless(await readMetrics(path)),
    best: await tensors('best.safetensors'),
    last: await tensors('last.safetensors'),
    state: await tensors('state.safetensors'),
  };
}

const EPOCHS = 40;
const momentum = [
  '--set',
  'optimizer.momentum=0.9',
  '--set',
  'optimizer.learningRate=0.02',
  '--epochs',
  String(EPOCHS),
  '--json',
];

for (const signal of ['SIGINT', 'SIGTERM', 'SIGKILL'] as const) {
  test(`${signal} in the middle, then resume: the same bits`, async (t) => {
    const cwd = await workplace(t, 3000);
    const straight = await bregman([...small, ...momentum, '--out', 'straight'], { cwd });
    assert.equal(straight.code, 0, straight.stderr);

    let isSent = false;
    const cut = await bregman([...small, ...momentum, '--out', 'cut short'], {
      cwd,
      onStdout(stdout, child) {
        if (isSent || jsonLines(stdout.slice(0, stdout.lastIndexOf('\n') + 1)).length < 4) return;
        isSent = true;
        child.kill(signal);
      },
    });
    assert.equal(cut.code, signal === 'SIGKILL' ? null : 130);
    assert.ok(jsonLines(cut.stdout).length < EPOCHS);
    const command = /^bregman: interrupted; to go on: (.*)$/m.exec(cut.stderr)?.[1];
    assert.equal(command, signal === 'SIGKILL' ? undefined : `bregman resume 'cut short'`);

    const go = command ?? "bregman resume 'cut short'";
    const script = `bregman() { "${process.execPath}" "${main}" "$@"; }; ${go} --json`;
    const resumed = await run('sh', ['-c', script], { cwd });
    assert.equal(resumed.code, 0, resumed.stderr);
    assert.deepEqual(await leavings(join(cwd, 'cut short')), await leavings(join(cwd, 'straight')));
    assert.equal(jsonLines(resumed.stdout).at(-1)?.epochs, EPOCHS);
  });
}

test('MNIST: killed, then resumed to the same bits', async (t) => {
  const cwd = await workplace(t);
  const args = [
    'train',
    'mnist-mlp',
    '--epochs',
    '2',
    '--set',
    'model.hidden=[16]',
    '--json',
    '--set',
    'validation=50000',
    '--out',
  ];
  assert.equal((await bregman([...args, 'straight'], { cwd })).code, 0);
  await bregman([...args, 'killed'], {
    cwd,
    onStdout: (_, child) => child.kill('SIGKILL'),
  });
  assert.equal((await bregman(['resume', 'killed'], { cwd })).code, 0);
  assert.deepEqual(await leavings(join(cwd, 'killed')), await leavings(join(cwd, 'straight')));
});

test('a second Ctrl-C exits at once', async (t) => {
  const cwd = await workplace(t, 3000);
  const { code } = await bregman([...small, '--epochs', '100000', '--json'], {
    cwd,
    onStdout(_, child) {
      child.kill('SIGINT');
      child.kill('SIGTERM');
    },
  });
  assert.equal(code, 130);
});

test('a reader that leaves is no crash', async (t) => {
  const cwd = await workplace(t);
  const script = `"$0" "$@" | head -n 1`;
  const args = [main, ...small, '--epochs', '300', '--json'];
  const { stdout, stderr } = await run('sh', ['-c', script, process.execPath, ...args], { cwd });
  assert.equal(jsonLines(stdout).length, 1);
  assert.ok(!stderr.includes('    at '), stderr);
});

const hasScript = spawnSync('script', ['-qec', 'true', '/dev/null']).status === 0;

test('on a terminal: bar, colours, rows', { skip: !hasScript && 'no script(1)' }, async (t) => {
  const cwd = await workplace(t, 3000);
  const quote = (text: string) => `'${text}'`;
  const command = [process.execPath, main, ...small, '--epochs', '3'].map(quote).join(' ');
  const env = { TERM: 'xterm', FORCE_COLOR: '' };
  const { code, stdout } = await run('script', ['-qec', command, 'typescript'], { cwd, env });
  assert.equal(code, 0);
  assert.match(stdout, /epoch 1\/3 .*samples\/s/);
  assert.ok(stdout.includes('\u001b['));
  assert.match(stdout, /\n?3 +\d\.\d{4}/);
  const last = stdout.lastIndexOf('\u001b[?7l');
  assert.ok(stdout.lastIndexOf('\u001b[?7h') > last, 'line wrapping is on again');
  assert.ok((await readFile(join(cwd, 'runs/mnist-mlp-1/summary.json'))).length > 0);
});
