import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { stream } from '@bregman/core/math';

/** The built command. */
export const main = fileURLToPath(new URL('../../bin/bregman.js', import.meta.url));

/** How a command ended. */
export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Called with all that has come on standard output so far. */
  readonly onStdout?: (stdout: string, child: ChildProcess) => void;
}

/** Runs `bregman` with these arguments. */
export function bregman(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  return run(process.execPath, [main, ...args], options);
}

/** Runs a program to its end. */
export function run(
  program: string,
  args: readonly string[],
  { cwd, env = {}, onStdout }: RunOptions = {},
): Promise<Outcome> {
  const child = spawn(program, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
    onStdout?.(stdout, child);
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/** A working folder with a small data set in `data`; it goes when the test does. */
export async function workplace(t: TestContext, samples = 600): Promise<string> {
  const cwd = await mkdtemp(join(tmpdir(), 'bregman-cli-'));
  t.after(() => rm(cwd, { recursive: true, force: true }));
  await mkdir(join(cwd, 'data'));
  for (const [prefix, count] of [
    ['train', samples],
    ['t10k', 50],
  ] as const) {
    const { images, labels } = pictures(prefix, count);
    await writeFile(join(cwd, 'data', `${prefix}-images-idx3-ubyte`), images);
    await writeFile(join(cwd, 'data', `${prefix}-labels-idx1-ubyte`), labels);
  }
  return cwd;
}

/** What `train` takes to run on the data of a workplace, with a batch of 32. */
export const small = [
  'train',
  'mnist-mlp',
  ...['data="./data"', 'validation=100', 'model.hidden=[16]', 'batchSize=32'].flatMap((value) => [
    '--set',
    value,
  ]),
  '--set',
  'start={"density":0.2,"gain":2}',
  '--threads',
  '1',
];

const SIDE = 8;
const CLASSES = 4;

/** Noisy pictures in which the brightest quarter gives the class, as IDX files. */
function pictures(name: string, count: number) {
  const random = stream(1, name);
  const images = Buffer.alloc(16 + count * SIDE * SIDE);
  const labels = Buffer.alloc(8 + count);
  for (const [at, word] of [0x0803, count, SIDE, SIDE].entries())
    images.writeUInt32BE(word, at * 4);
  for (const [at, word] of [0x0801, count].entries()) labels.writeUInt32BE(word, at * 4);
  const quarter = (SIDE * SIDE) / CLASSES;
  for (let i = 0; i < count; i++) {
    labels[8 + i] = i % CLASSES;
    for (let p = 0; p < SIDE * SIDE; p++) {
      const bright = Math.floor(p / quarter) === i % CLASSES ? 40 : 0;
      images[16 + i * SIDE * SIDE + p] = bright + random.below(200);
    }
  }
  return { images, labels };
}

/** The JSON values of a text, line by line. */
export function jsonLines(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

/** Anything that a terminal would take as a command. */
export function controlCharacters(text: string): string[] {
  return [...text.replaceAll('\n', '')].filter((character) => /\p{Cc}/u.test(character));
}
