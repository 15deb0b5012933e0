import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UserError } from '@bregman/core/files';
import {
  anything,
  check,
  either,
  list,
  listOf,
  literal,
  nearest,
  number,
  type Output,
  object,
  oneOf,
  optional,
  parse,
  record,
  text,
  validate,
  variant,
  whole,
  withDefault,
} from '@bregman/core/schema';
import { ConfigError } from '@bregman/core/train';
import { readBytes } from '../files/index.js';
import { metricOf } from './metric.js';
import { slugOf } from './slug.js';

/*
 * An experiment is a file of data: which runs, what of them to tabulate and to draw, and whose numbers
 * to put beside them.
 */

const filled = check<string>(
  'a text that is not empty',
  (value) => typeof value === 'string' && value !== '',
);
const changes = record(anything);
const seeds = listOf(whole(0, 2 ** 32 - 1));
const labels = optional(listOf(text));
const base = either(text, changes);

/** Somebody else's numbers for a run. */
const reference = object({
  /** Whose they are, such as "reference implementation" or "paper". */
  source: filled,
  /** After which epoch. */
  at: whole(1),
  /** By metric: one number, or one a seed. */
  values: record(either(number(), listOf(number()))),
});

const run = object({
  label: filled,
  /** Runs of one series are joined in figures of one metric against another. */
  series: optional(filled),
  base: optional(base),
  set: withDefault(changes, {}),
  epochs: optional(whole(1)),
  seeds: optional(seeds),
  references: withDefault(list(reference), []),
});

const column = object({
  metric: text,
  /** After which epoch; left out, at the end. */
  at: optional(whole(1)),
  title: optional(filled),
});

const table = object({
  title: filled,
  columns: listOf(column),
  runs: labels,
  /** Numbers that belong to none of the runs. */
  references: withDefault(list(reference), []),
  notes: withDefault(list(filled), []),
});

/** Of a file. */
const figureName = check<string>(
  'a name of letters, digits and hyphens',
  (name) => typeof name === 'string' && /^[\w-]+$/.test(name),
);
const drawn = { name: figureName, caption: filled, runs: labels };
const drawnOfOne = { name: figureName, caption: filled, run: text };
const scale = optional(oneOf(['linear', 'log']));
const axis = object({ metric: text, scale, label: optional(filled) });

const figure = variant([
  /** A metric over the epochs: mean and standard deviation over the seeds. */
  object({ kind: literal('epochs'), ...drawn, metric: text, scale }),
  /** The same over the hours that training and validation took. */
  object({ kind: literal('hours'), ...drawn, metric: text, scale, hours: scale }),
  /** At the end, one metric against another. */
  object({ kind: literal('against'), ...drawn, x: axis, y: axis }),
  /** At the end, `density` or `rows` of each layer. */
  object({ kind: literal('layers'), ...drawn, metric: oneOf(['density', 'rows']) }),
  /** `density` or `rows` of each layer over the epochs, of one run. */
  object({
    kind: literal('layers-over-epochs'),
    ...drawnOfOne,
    metric: oneOf(['density', 'rows']),
  }),
  /** Which earlier layers each layer of one run reads. */
  object({ kind: literal('connections'), ...drawnOfOne }),
  /** Of restoration tasks: corrupted, restored and clean images. */
  object({ kind: literal('images'), ...drawn, count: withDefault(whole(1, 32), 8) }),
]);

const quick = object({
  epochs: optional(whole(1)),
  seeds: withDefault(seeds, [0]),
  set: withDefault(changes, {}),
  runs: labels,
  /** What else is shorter than in full, for the report. */
  note: optional(filled),
});

const experimentSchema = object({
  title: filled,
  /** In a line. */
  shows: filled,
  /** Where in the paper, or that it is ours. */
  source: filled,
  /** How long it takes in full. */
  duration: filled,
  /** What to look for, and what differs from the paper: paragraphs. */
  notes: withDefault(list(filled), []),
  /** A preset's name or a configuration; runs change values of it. */
  base: optional(base),
  /** Instead of a base: the runs are problems of compressed sensing. */
  recovery: optional(changes),
  set: withDefault(changes, {}),
  epochs: optional(whole(1)),
  seeds: withDefault(seeds, [0, 1, 2]),
  runs: listOf(run),
  quick: withDefault(quick, {}),
  tables: withDefault(list(table), []),
  figures: withDefault(list(figure), []),
});

type Parsed = Output<typeof experimentSchema>;

/** A checked experiment: what its file says, with all that was left out. */
export interface Experiment extends Parsed {
  /** Of its file and of the folder of its results. */
  readonly name: string;
  /** Of its file, for messages. */
  readonly path: string;
}

/** One of its runs, over all seeds. */
export type ExperimentRun = Parsed['runs'][number];
/** Somebody else's numbers. */
export type Reference = ExperimentRun['references'][number];
/** What one table of the report shows. */
export type TableSpec = Parsed['tables'][number];
/** What one figure of the report shows. */
export type FigureSpec = Parsed['figures'][number];

/** What a run goes on by. */
export type Unit = 'epoch' | 'iteration';

/** Trainings go by epochs, problems of compressed sensing by iterations. */
export function unitOf({ recovery }: Experiment): Unit {
  return recovery ? 'iteration' : 'epoch';
}

/** The experiments that come with the package. */
const SHIPPED = fileURLToPath(new URL('../../experiments/', import.meta.url));

/** Names of the experiments that come with the package. */
export async function experimentNames(): Promise<string[]> {
  const files = await readdir(SHIPPED);
  return files
    .filter((file) => file.endsWith('.json'))
    .map((file) => basename(file, '.json'))
    .sort();
}

/**
 * An experiment by its name, or one of the user's own by the path of its file.
 *
 * @throws {ConfigError} there is no such experiment or file, or it is wrong: one line that names the path
 */
export async function loadExperiment(nameOrPath: string): Promise<Experiment> {
  const shipped = join(SHIPPED, `${nameOrPath}.json`);
  const isShipped = /^[\w-]+$/.test(nameOrPath) && existsSync(shipped);
  if (!isShipped && !/\.json$|[/\\]/.test(nameOrPath)) {
    const names = await experimentNames();
    throw new ConfigError(
      `there is no experiment '${nameOrPath}' (did you mean ${nearest(nameOrPath, names)}?); ` +
        `'bregman reproduce --list' shows all; or give the path of a file of your own`,
    );
  }
  const path = isShipped ? shipped : nameOrPath;
  return parseExperiment(await readJson(path), path);
}

async function readJson(path: string): Promise<unknown> {
  try {
    return parse(new TextDecoder().decode(await readBytes(path)), path);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new ConfigError(error.message, { cause: error });
  }
}

/**
 * Checks an experiment and fills in what was left out.
 *
 * @param path of its file, which gives it its name
 * @throws {ConfigError} one line: path, what is wrong, what is allowed
 */
export function parseExperiment(input: unknown, path: string): Experiment {
  const parsed = validate(experimentSchema, input, path);
  const experiment = { ...parsed, name: basename(path, '.json'), path };
  checkReferences(experiment);
  return experiment;
}

/** That labels are unique and known, and metrics exist. */
function checkReferences(experiment: Experiment): void {
  const { runs, quick, tables, figures, base, recovery, path } = experiment;
  const fail: Fail = (where, problem) => {
    throw new ConfigError(`${path}: ${where}: ${problem}`);
  };
  if ((base === undefined) === (recovery === undefined)) {
    fail('base', 'give a base configuration or a recovery problem, one of both');
  }
  if (recovery) checkRecovery(experiment, fail);
  const known = runs.map(({ label }) => label);
  for (const [i, { label }] of runs.entries()) {
    const same = runs.findIndex((other) => slugOf(other.label) === slugOf(label));
    if (same < i) fail(`runs.${i}.label`, `"${label}" is too much like "${runs[same].label}"`);
  }
  const checkLabels = (where: string, given: readonly string[] = []) => {
    const unknown = given.find((label) => !known.includes(label));
    if (unknown !== undefined) {
      fail(where, `there is no run "${unknown}"; there are ${known.join(', ')}`);
    }
  };
  const checkMetrics = (where: string, names: readonly string[]) => {
    try {
      for (const name of names) metricOf(name);
    } catch (error) {
      fail(where, (error as Error).message);
    }
  };
  checkLabels('quick.runs', quick.runs);
  const checkNumbers = (where: string, references: readonly Reference[]) => {
    for (const [i, { values }] of references.entries()) {
      checkMetrics(`${where}.references.${i}.values`, Object.keys(values));
    }
  };
  for (const [i, { references }] of runs.entries()) checkNumbers(`runs.${i}`, references);
  for (const [i, { columns, runs, references }] of tables.entries()) {
    checkLabels(`tables.${i}.runs`, runs);
    checkNumbers(`tables.${i}`, references);
    checkMetrics(
      `tables.${i}.columns`,
      columns.map(({ metric }) => metric),
    );
  }
  for (const [i, each] of figures.entries()) {
    const where = `figures.${i}`;
    const isTwice = figures.findIndex(({ name }) => name === each.name) < i;
    if (isTwice) fail(`${where}.name`, `two figures are named "${each.name}"`);
    checkLabels(where, 'run' in each ? [each.run] : each.runs);
    if (each.kind === 'epochs') checkMetrics(where, [each.metric]);
    if (each.kind === 'against') checkMetrics(where, [each.x.metric, each.y.metric]);
  }
}

type Fail = (where: string, problem: string) => never;

/** That compressed sensing has nothing of a training. */
function checkRecovery({ runs, quick, epochs }: Experiment, fail: Fail): void {
  const epochsIn = (given: unknown, where: string) => {
    if (given !== undefined) fail(where, 'compressed sensing has iterations, no epochs');
  };
  epochsIn(epochs, 'epochs');
  epochsIn(quick.epochs, 'quick.epochs');
  for (const [i, run] of runs.entries()) {
    epochsIn(run.epochs, `runs.${i}.epochs`);
    if (run.base !== undefined) fail(`runs.${i}.base`, 'compressed sensing has none');
  }
}
