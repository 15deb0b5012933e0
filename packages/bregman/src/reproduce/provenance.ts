import { thisMachine } from '@bregman/core/engine';
import { version } from '@bregman/core/version';
import type { Origin, Outcome } from './outcome.js';
import { configOf } from './pictures.js';
import { nameOfData } from './plan.js';

/** What a reader needs to run an experiment again: command, seeds, versions, machines, time, data. */
export async function provenanceOf(
  outcomes: readonly Outcome[],
  command: string | undefined,
): Promise<(readonly [string, string])[]> {
  const origins = outcomes.map(({ origin }) => origin);
  const threads = distinct(origins.flatMap((each) => each.threads ?? []));
  const seconds = outcomes.reduce((sum, { end }) => sum + (end.seconds ?? 0), 0);
  return [
    ...(command === undefined ? [] : ([['command', command]] as const)),
    ['seeds', distinct(outcomes.map(({ run }) => run.seed)).join(', ')],
    ['data', distinct(outcomes.map(dataOf)).join(', ')],
    ['versions', `bregman ${distinct(origins.map((each) => each.version)).join(', ')}`],
    ...(await machines(origins)),
    ...(threads.length > 0 ? ([['threads', threads.join(', ')]] as const) : []),
    ['time', `${Math.round(seconds).toLocaleString('en-US')} s in all runs together`],
  ];
}

function dataOf(outcome: Outcome): string {
  const config = configOf(outcome);
  return config ? nameOfData(config.data) : 'drawn at random';
}

/** Those of the runs; that of the report instead where a run does not say it. */
async function machines(origins: readonly Origin[]): Promise<(readonly [string, string])[]> {
  const known = origins.flatMap(({ machine }) => (machine ? [describe(machine)] : []));
  const named = distinct(known).join('; ');
  if (known.length === origins.length) return [['machine', named]];
  const written = `${describe(await thisMachine())}, bregman ${version}`;
  const some = `${named} (${known.length} of ${origins.length} runs say it)`;
  return [
    ...(known.length > 0 ? ([['machine', some]] as const) : []),
    ['report written on', written],
  ];
}

function describe(machine: NonNullable<Origin['machine']>): string {
  const { processor, cores, host, kernels, wideVectors } = machine;
  const build = kernels ? `, kernels ${kernels}${wideVectors ? ', wide vectors' : ''}` : '';
  return `${processor}, ${cores} cores, ${host}${build}`;
}

function distinct<T>(values: readonly T[]): T[] {
  return [...new Set(values)];
}
