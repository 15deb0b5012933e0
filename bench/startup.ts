/** From the command to its answer: `--help`, and the first batch of a training run. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median, printTable } from './lib.js';

const main = new URL('../packages/bregman/bin/bregman.js', import.meta.url).pathname;

function seconds(args: readonly string[]): number {
  const start = performance.now();
  const { status, stderr } = spawnSync(process.execPath, [main, ...args], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`bregman ${args.join(' ')}: ${stderr}`);
  return (performance.now() - start) / 1000;
}

export function benchStartup(): void {
  const folder = mkdtempSync(join(tmpdir(), 'bregman-bench-'));
  const runs = [0, 1, 2, 3, 4];
  const help = runs.map(() => seconds(['--help']));
  // One batch and the test set: the whole run, written to disk.
  const first = runs.map((run) =>
    seconds([
      'train',
      'mnist-mlp',
      '--epochs',
      '1',
      '--out',
      join(folder, `${run}`),
      '--set',
      'validation=59872',
    ]),
  );
  rmSync(folder, { recursive: true });
  console.log('### Start-up\n');
  printTable(
    ['command', 'seconds'],
    [
      ['bregman --help', median(help).toFixed(2)],
      ['bregman train mnist-mlp, one batch, validated, tested and saved', median(first).toFixed(2)],
    ],
  );
}
