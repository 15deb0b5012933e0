import { cpus } from 'node:os';
import { Engine } from '../engine/index.js';
import { version } from '../version.js';
import type { Outcome } from './outcome.js';
import { configOf } from './pictures.js';

/** What a reader needs to run an experiment again: command, seeds, versions, machine, time, data. */
export async function provenanceOf(
  outcomes: readonly Outcome[],
  command: string | undefined,
): Promise<(readonly [string, string])[]> {
  const summaries = outcomes.flatMap(({ summary }) => (summary ? [summary] : []));
  const versions = distinct([...summaries.map((each) => each.version), version]);
  const threads = distinct(summaries.map((each) => each.threads));
  const data = distinct(outcomes.map((each) => configOf(each)?.data ?? 'drawn at random'));
  const seconds = outcomes.reduce((sum, { end }) => sum + (end.seconds ?? 0), 0);
  const [processor] = cpus();
  return [
    ...(command === undefined ? [] : ([['command', command]] as const)),
    ['seeds', distinct(outcomes.map(({ run }) => run.seed)).join(', ')],
    ['data', data.join(', ')],
    ['versions', `bregman ${versions.join(', ')}; Node ${process.version}; ${await kernels()}`],
    ['machine', `${processor?.model.trim() ?? 'unknown processor'}, ${cpus().length} cores`],
    ...(threads.length > 0 ? ([['threads', threads.join(', ')]] as const) : []),
    ['training time', `${Math.round(seconds).toLocaleString('en-US')} s in all runs together`],
  ];
}

/** Which build of the kernels this machine takes. */
async function kernels(): Promise<string> {
  const engine = await Engine.create({ threads: 1 });
  engine.close();
  return `kernels ${engine.build}`;
}

function distinct<T>(values: readonly T[]): T[] {
  return [...new Set(values)];
}
