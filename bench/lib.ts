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

/** The median of a list of numbers, at least one. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new Error('bench: the median of nothing');
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

/** A cell of a table; undefined where nobody measured it. */
export type Cell = string | number | undefined;

/** Rows as a Markdown table, fit for docs/benchmarks.md. Columns in which nothing was measured are left out. */
export function tableOf(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const columns = head.flatMap((name, i) => {
    const cells = rows.map((row) => row[i]);
    return cells.every((cell) => cell === undefined) ? [] : [[name, '---', ...cells]];
  });
  const lines = Array.from({ length: rows.length + 2 }, (_, i) =>
    columns.map((column) => column[i] ?? ''),
  );
  return lines.map((cells) => `| ${cells.join(' | ')} |\n`).join('');
}

export function printTable(head: readonly string[], rows: readonly (readonly Cell[])[]): void {
  console.log(tableOf(head, rows));
}

/** How many times as long as ours a peer takes; undefined where there is none. */
export function ratio(peer: number | undefined, ours: number): string | undefined {
  return peer === undefined ? undefined : `${(peer / ours).toFixed(1)}×`;
}

/** The machine in a line. */
export function machine(): string {
  const date = new Date().toISOString().slice(0, 10);
  const model = cpus()[0]?.model ?? 'unknown processor';
  return `${model}, ${availableParallelism()} cores, Node ${process.version}, ${date}`;
}

/** How a program ended. */
interface Answer {
  /** Null where it could not be started. */
  readonly status: number | null;
  readonly stdout: string;
  /** What it or the system says of its failure. */
  readonly problem: string;
}

/** Runs a program to its end, with variables besides ours. */
export function runProgram(
  command: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Answer {
  const env = { ...process.env, ...environment };
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', env });
  const problem = error?.message ?? stderr.trim().split('\n').at(-1) ?? '';
  return { status, stdout: stdout ?? '', problem };
}

/** The JSON line that a program has printed last. */
export function parseAnswer<Result>({ status, stdout, problem }: Answer): Result {
  if (status !== 0) throw new Error(`bench: a program failed: ${problem}`);
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Result;
}
