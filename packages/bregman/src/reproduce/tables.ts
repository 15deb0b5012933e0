/** Tables of an experiment: its own, and the one that puts other people's numbers beside ours. */
import type { Table } from '../report/index.js';
import { differenceInWords } from './compare.js';
import type { ExperimentRun, Reference, TableSpec, Unit } from './experiment.js';
import { formatSpread, type Metric, metricOf } from './metric.js';
import { lengthOf, metricValues, type Outcome, type RunOutcomes } from './outcome.js';
import { statistics } from './statistics.js';

const MISSING = '–';

/** A table of the experiment: a row a run, and below it what others report for it. */
export function tableOf(spec: TableSpec, all: readonly RunOutcomes[], unit: Unit): Table {
  const shown = all.filter(({ run }) => !spec.runs || spec.runs.includes(run.label));
  return {
    title: spec.title,
    columns: [
      { name: 'run' },
      ...spec.columns.map(({ metric, at, title }) => ({
        name: title ?? titleOf(metricOf(metric), at, unit),
        align: 'right' as const,
      })),
      { name: 'seeds', align: 'right' },
    ],
    rows: [
      ...shown.flatMap(({ run, outcomes }) => [
        ownRow(spec, run, outcomes),
        ...referenceRows(spec, run.references, lastOf(outcomes)),
      ]),
      ...referenceRows(spec, spec.references, lastOf(shown.flatMap(({ outcomes }) => outcomes))),
    ],
    notes: [...spec.notes, 'mean ± standard deviation over the seeds'],
  };
}

function titleOf({ label }: Metric, at: number | undefined, unit: Unit): string {
  return at === undefined ? label : `${label}, ${unit} ${at}`;
}

function ownRow(
  { columns }: TableSpec,
  { label }: ExperimentRun,
  outcomes: readonly Outcome[],
): string[] {
  const cells = columns.map(({ metric, at }) => cell(metric, metricValues(outcomes, metric, at)));
  return [label, ...cells, String(outcomes.length)];
}

function lastOf(outcomes: readonly Outcome[]): number | undefined {
  return outcomes.length > 0 ? Math.max(...outcomes.map(lengthOf)) : undefined;
}

/** A row for each source that knows a column's metric at the column's epoch, or at the end. */
function referenceRows(
  { columns }: TableSpec,
  references: readonly Reference[],
  end: number | undefined,
): string[][] {
  return sourcesOf(references).flatMap((source) => {
    const given = columns.map(({ metric, at = end }) => {
      const known = references.find(
        (each) => each.source === source && each.at === at && metric in each.values,
      );
      return listOf(known?.values[metric]);
    });
    const seeds = Math.max(...given.map(({ length }) => length));
    const cells = columns.map(({ metric }, i) => cell(metric, given[i]));
    return seeds === 0 ? [] : [[`– ${source}`, ...cells, String(seeds)]];
  });
}

function cell(metric: string, values: readonly number[]): string {
  return values.length === 0 ? MISSING : spreadOf(metricOf(metric), values);
}

function spreadOf(metric: Metric, values: readonly number[]): string {
  const { mean, deviation } = statistics(values);
  return formatSpread(metric, mean, deviation);
}

function listOf(values: number | number[] | undefined): readonly number[] {
  return values === undefined ? [] : [values].flat();
}

/**
 * Our numbers beside other people's, with the differences called by their names: a table for each run and each
 * source that has some for it, a row for each epoch.
 */
export function comparisonTables(all: readonly RunOutcomes[], unit: Unit): Table[] {
  const tables = all.flatMap(({ run, outcomes }) =>
    sourcesOf(run.references).flatMap((source) => {
      const theirs = run.references.filter((each) => each.source === source);
      const rows = comparisonRows(theirs, outcomes);
      return rows.length === 0
        ? []
        : [comparisonTable(`${run.label}, beside ${source}`, unit, rows)];
    }),
  );
  const last = tables.pop();
  return last ? [...tables, { ...last, notes: [SPREAD_NOTE] }] : [];
}

const SPREAD_NOTE =
  'Mean ± standard deviation over the seeds. Within the spread: the means are no further apart ' +
  'than twice the standard error of their difference, 2·√(s₁²/n₁ + s₂²/n₂). A single seed is ' +
  'taken to spread like the other side; of one seed each, no spread is known.';

function comparisonTable(title: string, unit: Unit, rows: readonly string[][]): Table {
  return {
    title,
    columns: [
      { name: 'metric' },
      { name: `after ${unit}`, align: 'right' },
      { name: 'ours', align: 'right' },
      { name: 'theirs', align: 'right' },
      { name: 'ours is' },
    ],
    rows,
  };
}

/** By metric, then by epoch; only the first row of a metric names it. */
function comparisonRows(references: readonly Reference[], outcomes: readonly Outcome[]) {
  const names = new Set(references.flatMap(({ values }) => Object.keys(values)));
  return [...names].flatMap((name) => {
    const metric = metricOf(name);
    return references
      .filter(({ values }) => name in values)
      .map(({ at, values }) => ({
        at,
        ours: metricValues(outcomes, name, at),
        theirs: listOf(values[name]),
      }))
      .filter(({ ours }) => ours.length > 0)
      .map(({ at, ours, theirs }, i) => [
        i === 0 ? metric.label : '',
        String(at),
        spreadOf(metric, ours),
        spreadOf(metric, theirs),
        differenceInWords(ours, theirs, metric),
      ]);
  });
}

function sourcesOf(references: readonly Reference[]): string[] {
  return [...new Set(references.map(({ source }) => source))];
}
