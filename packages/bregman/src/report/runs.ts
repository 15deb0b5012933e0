import { version } from '@bregman/core/version';
import type { Figure, PlottedRun } from '../plot/index.js';
import { duration, percent, short } from './numbers.js';
import type { Report, Table } from './report.js';

/**
 * A report on any runs: what they were and where they stand, with figures of them.
 *
 * @param problems what could not be read or drawn
 */
export function reportOfRuns(
  runs: readonly PlottedRun[],
  figures: readonly Figure[],
  problems: readonly string[],
): Report {
  const labels = runs.map(({ label }) => label);
  return {
    name: 'runs',
    title: labels.length === 1 ? labels[0] : `${labels.length} runs`,
    summary: [],
    warnings: problems,
    tables: [runTable(runs)],
    figures,
    provenance: [['drawn by', `bregman ${version}`]],
  };
}

function runTable(runs: readonly PlottedRun[]): Table {
  const columns: readonly [name: string, cell: (run: PlottedRun) => string][] = [
    ['run', ({ label }) => label],
    ['method', ({ config }) => config.optimizer.method],
    ['seed', ({ config }) => String(config.seed)],
    ['epochs', ({ metrics, config }) => `${metrics.length} of ${config.epochs}`],
    ['training', ({ metrics }) => percent(metrics.at(-1)?.train.accuracy)],
    ['validation', ({ metrics }) => percent(metrics.at(-1)?.validation?.accuracy)],
    ['test', ({ summary }) => percent(summary?.test?.accuracy)],
    ['density', ({ metrics }) => percent(metrics.at(-1)?.density.total)],
    ['λ', ({ metrics }) => short(metrics.at(-1)?.lambda)],
    ['time', ({ metrics }) => duration(metrics.reduce((sum, { seconds }) => sum + seconds, 0))],
  ];
  const isText = (i: number) => i < 2;
  return {
    title: 'Accuracy and density after the last epoch',
    columns: columns.map(([name], i) => ({ name, align: isText(i) ? 'left' : 'right' })),
    rows: runs.map((run) => columns.map(([, cell]) => cell(run))),
  };
}
