import { nearest } from '@bregman/core/schema';
import type { Experiment } from './experiment.js';
import { partsIn } from './metric.js';
import { metricValues, type RunOutcomes } from './outcome.js';

/**
 * A line for each metric of tables and figures that names a layer or a setting which none of its runs
 * has: what a file of data says cannot be checked before there are networks.
 */
export function absentMetrics(
  { tables, figures }: Experiment,
  all: readonly RunOutcomes[],
): string[] {
  const asked = [
    ...tables.map(({ title, columns, runs }) => ({
      where: `table "${title}"`,
      runs,
      metrics: columns.map(({ metric }) => metric),
    })),
    ...figures.flatMap((each) => {
      const where = `figure ${each.name}`;
      if (each.kind === 'epochs') return [{ where, runs: each.runs, metrics: [each.metric] }];
      if (each.kind !== 'against') return [];
      return [{ where, runs: each.runs, metrics: [each.x.metric, each.y.metric] }];
    }),
  ];
  return asked.flatMap(({ where, runs, metrics }) => {
    const shown = all.filter(({ run }) => !runs || runs.includes(run.label));
    return metrics.flatMap((metric) => absent(metric, shown).map((line) => `${where}: ${line}`));
  });
}

function absent(metric: string, shown: readonly RunOutcomes[]): string[] {
  const outcomes = shown.flatMap((each) => each.outcomes);
  if (outcomes.length === 0 || metricValues(outcomes, metric).length > 0) return [];
  if (metric.startsWith('config/')) return [`no run has a number at ${metric}`];
  const parts = partsIn(outcomes[0].end, metric);
  if (!parts) return [];
  const hint = parts.length > 0 ? ` (did you mean ${nearest(metric, parts)}?)` : '';
  return [`no run has ${metric}${hint}`];
}
