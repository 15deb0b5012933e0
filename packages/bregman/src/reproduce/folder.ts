/** The folders of an experiment's runs: what state they are in, and what they hold. */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { thisMachine } from '@bregman/core/engine';
import { fileError, UserError } from '@bregman/core/files';
import {
  fields,
  listOf,
  number,
  type Output,
  parse,
  parseJson,
  record,
  text,
} from '@bregman/core/schema';
import { type Config, machineSchema } from '@bregman/core/train';
import { version } from '@bregman/core/version';
import { makeFolder, readBytes, writeAtomic } from '../files/index.js';
import { readConfig, readMetrics, readSummary, runFiles } from '../runs/index.js';
import { rowOfEpoch, rowOfSummary } from './metric.js';
import type { Outcome } from './outcome.js';
import { nameOfData, type PlannedRun } from './plan.js';
import { type Recovery, recover } from './recovery.js';

/** What a run's folder says. */
type RunState =
  | { readonly kind: 'new' | 'interrupted' }
  | { readonly kind: 'finished'; readonly outcome: Outcome }
  | { readonly kind: 'damaged'; readonly problem: string };

/**
 * Reads what is there of a run.
 *
 * @throws {UserError} the folder holds a run of another configuration
 */
export async function readRun(run: PlannedRun): Promise<RunState> {
  if (!(await holdsFiles(run.path))) return { kind: 'new' };
  try {
    await checkConfig(run);
    const outcome = await readOutcome(run);
    return outcome ? { kind: 'finished', outcome } : { kind: 'interrupted' };
  } catch (error) {
    if (!(error instanceof UserError) || error instanceof OtherRunError) throw error;
    return { kind: 'damaged', problem: error.message };
  }
}

async function holdsFiles(path: string): Promise<boolean> {
  const found = await readdir(path).catch((error) => {
    if (error.code === 'ENOENT') return [];
    throw fileError(error, 'read', path);
  });
  return found.length > 0;
}

class OtherRunError extends UserError {}

async function checkConfig({ path, work }: PlannedRun): Promise<void> {
  const file = join(path, runFiles.config);
  const difference =
    work.kind === 'training'
      ? firstDifference(withoutPlace(await readConfig(path)), withoutPlace(work.config))
      : firstDifference(parse(await readText(file), file), work.config);
  if (difference === undefined) return;
  throw new OtherRunError(
    `${file}: the run there is of another configuration (${difference}); ` +
      `choose another folder with --out, or remove ${path}`,
  );
}

/** Where the files of the data are changes nothing. */
function withoutPlace(config: Config): object {
  return { ...config, dataDir: null, data: nameOfData(config.data) };
}

/** `optimizer.lambda: 0.1, not 0.2`; undefined where all is the same. */
function firstDifference(found: unknown, wanted: unknown, path = ''): string | undefined {
  if (!isRecord(found) || !isRecord(wanted)) {
    const a = JSON.stringify(found);
    const b = JSON.stringify(wanted);
    return a === b ? undefined : `${path}: ${a ?? 'nothing'}, not ${b ?? 'nothing'}`;
  }
  for (const key of new Set([...Object.keys(found), ...Object.keys(wanted)])) {
    const at = path === '' ? key : `${path}.${key}`;
    const difference = firstDifference(found[key], wanted[key], at);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** Undefined where the run is not finished. */
async function readOutcome(run: PlannedRun): Promise<Outcome | undefined> {
  return run.work.kind === 'training' ? readTraining(run) : readRecovery(run);
}

async function readTraining(run: PlannedRun): Promise<Outcome | undefined> {
  const summary = await readSummary(run.path);
  if (!summary) return undefined;
  const epochs = await readMetrics(run.path);
  if (epochs.length !== summary.epochs) {
    const file = join(run.path, runFiles.metrics);
    throw new UserError(`${file}: it has ${epochs.length} of ${summary.epochs} epochs`);
  }
  let seconds = 0;
  const curve = epochs.map((epoch) => {
    seconds += epoch.seconds;
    return { at: epoch.epoch, row: rowOfEpoch(epoch, seconds) };
  });
  const { version, threads, machine } = summary;
  return {
    run,
    curve,
    summary,
    end: { ...curve.at(-1)?.row, ...rowOfSummary(summary) },
    origin: { version, threads, ...(machine && { machine }) },
  };
}

const recoveryFile = fields({
  seconds: number(),
  version: text,
  machine: machineSchema,
  metrics: listOf(fields({ at: number(), row: record(number()) })),
});

async function readRecovery(run: PlannedRun): Promise<Outcome | undefined> {
  const file = join(run.path, runFiles.summary);
  if (!existsSync(file)) return undefined;
  return outcomeOfRecovery(run, parseJson(await readText(file), file, recoveryFile));
}

function outcomeOfRecovery(run: PlannedRun, summary: Output<typeof recoveryFile>): Outcome {
  const { seconds, metrics: curve, ...origin } = summary;
  return { run, curve, end: { ...curve.at(-1)?.row, seconds }, origin };
}

/** Solves a problem of compressed sensing, and keeps what comes out. */
export async function runRecovery(run: PlannedRun, problem: Recovery): Promise<Outcome> {
  const started = performance.now();
  const metrics = recover(problem);
  const seconds = (performance.now() - started) / 1000;
  await makeFolder(run.path);
  const write = (name: string, value: unknown) =>
    writeAtomic(join(run.path, name), `${JSON.stringify(value, null, 2)}\n`);
  await write(runFiles.config, problem);
  const summary = { seconds, version, machine: thisMachine(), metrics };
  await write(runFiles.summary, summary);
  return outcomeOfRecovery(run, summary);
}

async function readText(path: string): Promise<string> {
  return new TextDecoder().decode(await readBytes(path));
}
