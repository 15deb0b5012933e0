/** What all benches share: medians of interleaved runs, tables, the machine. */
import { spawnSync } from 'node:child_process';
import { availableParallelism, cpus } from 'node:os';
import { useWideVectors } from '#core/engine/index.js';

/** The argument that keeps all programs to vectors of 128 bits. */
export const NARROW = '--narrow';

/** Turns on vectors of 256 bits where they are wanted; returns whether there will be any. */
export async function widen(): Promise<boolean> {
  return !process.argv.includes(NARROW) && useWideVectors();
}

/** A piece of work to be timed. */
export interface Work {
  readonly name: string;
  run(): void;
}

/** The median of a list of numbers. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * Median milliseconds of each piece of work. They take turns, so that the machine's mood hits all
 * alike; short ones are repeated within a turn.
 */
export function interleave(works: readonly Work[], turns = 15, msPerTurn = 8): number[] {
  const repeats = works.map(({ run }) => {
    run();
    const start = performance.now();
    run();
    return Math.max(1, Math.round(msPerTurn / (performance.now() - start)));
  });
  const times: number[][] = works.map(() => []);
  for (let turn = 0; turn < turns; turn++) {
    for (const [index, { run }] of works.entries()) {
      const start = performance.now();
      for (let i = 0; i < repeats[index]; i++) run();
      times[index].push((performance.now() - start) / repeats[index]);
    }
  }
  return times.map(median);
}

/** Prints rows as a Markdown table, fit for docs/benchmarks.md. */
export function printTable(head: readonly string[], rows: readonly (string | number)[][]): void {
  const lines = [head, head.map(() => '---'), ...rows];
  for (const line of lines) console.log(`| ${line.join(' | ')} |`);
  console.log();
}

/** The machine in a line. */
export function machine(): string {
  const date = new Date().toISOString().slice(0, 10);
  const model = cpus()[0]?.model ?? 'unknown processor';
  return `${model}, ${availableParallelism()} cores, Node ${process.version}, ${date}`;
}

/**
 * Runs a peer's program and parses the JSON line that it prints; undefined where it is not installed.
 *
 * @param environment variables that it gets besides ours
 */
export function runPeer<Result>(
  command: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Result | undefined {
  const env = { ...process.env, ...environment };
  const { status, stdout } = spawnSync(command, args, { encoding: 'utf8', env });
  if (status !== 0) return undefined;
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Result;
}

/** Debian's Python, which has Debian's PyTorch. */
export const python = '/usr/bin/python3';
export const pytorchProgram = new URL('./peers/pytorch.py', import.meta.url).pathname;

/** Holds PyTorch to AVX2, which is what most laptops have. */
export const avx2 = {
  ATEN_CPU_CAPABILITY: 'avx2',
  DNNL_MAX_CPU_ISA: 'AVX2',
  OPENBLAS_CORETYPE: 'Zen',
} as const;
