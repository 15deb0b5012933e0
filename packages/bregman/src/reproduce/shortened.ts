import { type Experiment, unitOf } from './experiment.js';
import { type Extent, type PlannedRun, planRuns } from './plan.js';

/**
 * A line that says how what was run differs from the experiment in full, if it does; more seeds are no
 * difference.
 */
export async function shortened(
  experiment: Experiment,
  extent: Extent,
  planned: readonly PlannedRun[],
): Promise<string[]> {
  const full = await planRuns(experiment, {}, '');
  const labels = new Set(planned.map(({ label }) => label));
  const same = full.filter(({ label }) => labels.has(label));
  const of = distinct(full.map(({ label }) => label)).length;
  const changes = [
    ...difference(lengths(planned), lengths(same), unitOf(experiment)),
    ...(fewestSeeds(planned) < fewestSeeds(same)
      ? difference(seedCounts(planned), seedCounts(same), 'seed')
      : []),
    ...(labels.size < of ? [`${labels.size} of ${of} runs`] : []),
    ...settings(experiment, extent),
  ];
  if (changes.length === 0) return [];
  const begin = extent.quick ? 'Shortened (--quick)' : 'Not as the experiment says';
  const end = extent.quick ? '. It shows that it runs, not what it reaches.' : '.';
  const note = extent.quick && experiment.quick.note ? ` ${experiment.quick.note}` : '';
  return [`${begin}: ${changes.join(', ')}${end}${note}`];
}

function lengths(runs: readonly PlannedRun[]): number[] {
  return distinct(runs.map(({ length }) => length));
}

/** How many seeds the runs have. */
function seedCounts(runs: readonly PlannedRun[]): number[] {
  const labels = distinct(runs.map(({ label }) => label));
  return distinct(labels.map((label) => runs.filter((run) => run.label === label).length));
}

function fewestSeeds(runs: readonly PlannedRun[]): number {
  return Math.min(...seedCounts(runs));
}

/** `2 epochs instead of 10 or 30` */
function difference(now: readonly number[], full: readonly number[], unit: string): string[] {
  const words = (counts: readonly number[]) => [...counts].sort((a, b) => a - b).join(' or ');
  if (words(now) === words(full)) return [];
  return [`${words(now)} ${unit}${words(now) === '1' ? '' : 's'} instead of ${words(full)}`];
}

/** What else `quick` sets. */
function settings({ quick, recovery }: Experiment, extent: Extent): string[] {
  if (!extent.quick) return [];
  const named = Object.keys(quick.set).filter((path) => !recovery || path !== 'iterations');
  return named.length > 0 ? [`other ${named.join(', ')}`] : [];
}

function distinct<T>(values: readonly T[]): T[] {
  return [...new Set(values)];
}
