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
  return [...new Set(references.map(({ source }) => source))].flatMap((source) => {
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
 * Our numbers beside other people's, epoch by epoch, with the differences called by their names;
 * undefined where nobody has any.
 */
export function comparisonTable(all: readonly RunOutcomes[], unit: Unit): Table | undefined {
  const rows = all.flatMap(({ run, outcomes }) => comparisonRows(run, outcomes));
  if (rows.length === 0) return undefined;
  return {
    title: 'Beside other people’s numbers',
    columns: [
      ...['run', 'metric', 'whose', `after ${unit}`].map((name) => ({ name })),
      { name: 'ours', align: 'right' },
      { name: 'theirs', align: 'right' },
      { name: 'difference of ours' },
    ],
    rows,
    notes: [
      'Mean ± standard deviation over the seeds. Within the spread: the means are no further apart ' +
        'than twice the standard error of their difference, 2·√(s₁²/n₁ + s₂²/n₂). A single seed is ' +
        'taken to spread like the other side; of one seed each, no spread is known.',
    ],
  };
}

function comparisonRows({ label, references }: ExperimentRun, outcomes: readonly Outcome[]) {
  const keys = references.flatMap(({ source, values }) =>
    Object.keys(values).map((metric) => ({ source, metric })),
  );
  const unique = keys.filter(
    ({ source, metric }, i) =>
      keys.findIndex((other) => other.source === source && other.metric === metric) === i,
  );
  return unique.flatMap(({ source, metric: name }) => {
    const metric = metricOf(name);
    const moments = references
      .filter((each) => each.source === source && name in each.values)
      .map(({ at, values }) => ({
        at: String(at),
        ours: metricValues(outcomes, name, at),
        theirs: listOf(values[name]),
      }))
      .filter(({ ours }) => ours.length > 0);
    if (moments.length === 0) return [];
    const joined = (of: (moment: (typeof moments)[number]) => string) =>
      moments.map(of).join(' / ');
    return [
      [
        label,
        metric.label,
        source,
        joined(({ at }) => at),
        joined(({ ours }) => spreadOf(metric, ours)),
        joined(({ theirs }) => spreadOf(metric, theirs)),
        inWords(
          moments.map(({ at, ours, theirs }) => [at, differenceInWords(ours, theirs, metric)]),
        ),
      ],
    ];
  });
}

/** Once where it is the same at all moments. */
function inWords(differences: readonly (readonly [at: string, difference: string])[]): string {
  const distinct = new Set(differences.map(([, difference]) => difference));
  if (distinct.size === 1) return differences[0][1];
  return differences.map(([at, difference]) => `${at}: ${difference}`).join('; ');
}
