import { readdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { fileError } from '@bregman/core/files';
import { validate } from '@bregman/core/schema';
import { type Config, ConfigError, resolveConfig, setValue } from '@bregman/core/train';
import { isDatasetName } from '../data/index.js';
import { loadConfigInput } from '../runs/index.js';
import type { Experiment, ExperimentRun } from './experiment.js';
import { type Recovery, recoverySchema } from './recovery.js';
import { slugOf } from './slug.js';

/** How much of an experiment to run. */
export interface Extent {
  /** Seeds 0 to seeds − 1 for every run, instead of those that the experiment names. */
  readonly seeds?: number | undefined;
  readonly epochs?: number | undefined;
  /** Few epochs, one seed, part of the samples, as the experiment says. */
  readonly quick?: boolean | undefined;
  /** The folder of the data. */
  readonly dataDir?: string | undefined;
}

/** One run with one seed. */
export interface PlannedRun {
  readonly label: string;
  readonly seed: number;
  /** Epochs, or iterations. */
  readonly length: number;
  /** Its folder. */
  readonly path: string;
  readonly work: Work;
}

/** What a run does: train a network, or recover a sparse vector. */
type Work =
  | { readonly kind: 'training'; readonly config: Config }
  | { readonly kind: 'recovery'; readonly config: Recovery };

/**
 * What an experiment runs, seed by seed, so that one of each is there early.
 *
 * @param out the folder of its results
 * @throws {ConfigError} a run's configuration is wrong: one line that names file, run and value; or
 *   compressed sensing is to have epochs or data
 * @throws {UserError} a file or folder cannot be read
 */
export async function planRuns(
  experiment: Experiment,
  extent: Extent,
  out: string,
): Promise<PlannedRun[]> {
  if (experiment.recovery) checkRecoveryExtent(experiment, extent);
  const chosen = runsOf(experiment, extent);
  const works = new Map<string, Work>();
  for (const run of chosen) works.set(run.label, await workOf(experiment, run, extent));
  const located = await locateData(works, extent.dataDir);
  const seedsOf = new Map(chosen.map((run) => [run, seedsOfRun(experiment, run, extent)]));
  const seeds = [...new Set([...seedsOf.values()].flat())].sort((a, b) => a - b);
  return seeds.flatMap((seed) =>
    chosen
      .filter((run) => seedsOf.get(run)!.includes(seed))
      .map(({ label }) => {
        const work = withSeed(located.get(label)!, seed);
        const length = work.kind === 'training' ? work.config.epochs : work.config.iterations;
        return {
          label,
          seed,
          length,
          work,
          path: join(out, 'runs', slugOf(label), `seed-${seed}`),
        };
      }),
  );
}

function checkRecoveryExtent({ name }: Experiment, { epochs, dataDir }: Extent): void {
  if (epochs !== undefined) {
    throw new ConfigError(`--epochs ${epochs}: ${name} has iterations, no epochs`);
  }
  if (dataDir !== undefined) {
    throw new ConfigError(`--data ${dataDir}: ${name} draws its problems, it reads no data`);
  }
}

/** The runs that take part. */
export function runsOf({ runs, quick }: Experiment, extent: Extent): readonly ExperimentRun[] {
  const labels = extent.quick ? quick.runs : undefined;
  return labels ? runs.filter(({ label }) => labels.includes(label)) : runs;
}

function seedsOfRun(
  { seeds, quick }: Experiment,
  run: ExperimentRun,
  extent: Extent,
): readonly number[] {
  if (extent.seeds !== undefined) return Array.from({ length: extent.seeds }, (_, i) => i);
  return extent.quick ? quick.seeds : (run.seeds ?? seeds);
}

async function workOf(
  { path, base, recovery, set, epochs, quick }: Experiment,
  run: ExperimentRun,
  extent: Extent,
): Promise<Work> {
  const source = `${path}: run "${run.label}"`;
  const short = extent.quick ? quick : { set: {}, epochs: undefined };
  const input = recovery ? structuredClone(recovery) : await baseOf(run.base ?? base);
  for (const changes of [set, run.set, short.set]) {
    for (const [key, value] of Object.entries(changes)) {
      // A copy: what another run sets inside it must not reach the experiment.
      setValue(input, key, structuredClone(value), `${source}: set`);
    }
  }
  if (recovery) {
    return { kind: 'recovery', config: validate(recoverySchema, input, source) };
  }
  const length = extent.epochs ?? short.epochs ?? run.epochs ?? epochs;
  if (length !== undefined) Object.assign(input, { epochs: length });
  return { kind: 'training', config: resolveConfig(input, source) };
}

async function baseOf(base: ExperimentRun['base']): Promise<object> {
  return typeof base === 'string' ? (await loadConfigInput(base)).input : structuredClone(base!);
}

function withSeed(work: Work, seed: number): Work {
  if (work.kind === 'recovery') return { ...work, config: { ...work.config, seed } };
  return { ...work, config: { ...work.config, seed } };
}

/** The set that comes with the package, and needs no folder. */
const EMBEDDED = 'mnist';

/**
 * Points the runs to a folder of data: `DIR/NAME` where there is one for the set, else the folder
 * itself, for all sets but the embedded one where there are others.
 */
async function locateData(
  works: ReadonlyMap<string, Work>,
  dir: string | undefined,
): Promise<ReadonlyMap<string, Work>> {
  if (dir === undefined) return works;
  const names = [...works.values()].flatMap((work) =>
    work.kind === 'training' ? [work.config.data] : [],
  );
  const isOnlyEmbedded = names.every((name) => name === EMBEDDED);
  const located = new Map<string, Work>();
  for (const [label, work] of works) {
    const isMeant = work.kind === 'training' && (isOnlyEmbedded || work.config.data !== EMBEDDED);
    located.set(label, isMeant ? await pointTo(work, dir) : work);
  }
  return located;
}

async function pointTo(work: Work & { kind: 'training' }, dir: string): Promise<Work> {
  const { data } = work.config;
  const own = isDatasetName(data) && (await foldersIn(dir)).includes(data) ? join(dir, data) : dir;
  const folder = resolve(own);
  // Images of the classes, in the place of the set's own files.
  const isImageFolder = (await foldersIn(own)).includes('train');
  const place = isImageFolder ? { data: folder } : { dataDir: folder };
  return { ...work, config: { ...work.config, ...place } };
}

/** A set by its name, a folder of the user's by its own, wherever it lies. */
export function nameOfData(data: string): string {
  return isDatasetName(data) ? data : `folder ${basename(resolve(data))}`;
}

async function foldersIn(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch((error) => {
    throw fileError(error, 'read', path);
  });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}
