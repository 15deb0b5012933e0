import { join } from 'node:path';
import { UserError } from '@bregman/core/files';
import { type Report, writeReport } from '../report/index.js';
import { absentMetrics } from './absent.js';
import { type ExecuteOptions, type Execution, execute } from './execute.js';
import { type Experiment, unitOf } from './experiment.js';
import { figureOf } from './figures.js';
import type { Outcome, RunOutcomes } from './outcome.js';
import { configOf, inputLoss } from './pictures.js';
import { type Extent, type PlannedRun, planRuns, runsOf } from './plan.js';
import { provenanceOf } from './provenance.js';
import { shortened } from './shortened.js';
import { comparisonTables, tableOf } from './tables.js';

/** How much of an experiment to run, and where to put what comes of it. */
export interface ReproduceOptions extends Extent, ExecuteOptions {
  /** The folder of runs and report; by default `results/NAME`, of quick ones `results/NAME-quick`. */
  readonly out?: string | undefined;
  /** For the report: what to type to do this again. */
  readonly command?: string | undefined;
}

/** What an experiment came to. */
export interface Reproduction {
  readonly report: Report;
  readonly outcomes: readonly Outcome[];
  readonly files: { readonly html: string; readonly markdown: string };
  readonly isInterrupted: boolean;
}

/** The folder of an experiment's results, where no other is given. */
export function defaultFolder({ name }: Experiment, { quick }: Extent): string {
  return join('results', quick ? `${name}-quick` : name);
}

/**
 * Runs an experiment as far as it is not done yet, and writes its report. A run that diverges, is
 * damaged or lacks its data is named in the report, and the rest is drawn; so is what there is when the
 * signal stops it.
 *
 * @throws {UserError} a run's folder holds another configuration, nothing could be run at all, or the
 *   folder cannot be written
 */
export async function reproduce(
  experiment: Experiment,
  options: ReproduceOptions = {},
): Promise<Reproduction> {
  const out = options.out ?? defaultFolder(experiment, options);
  const planned = await planRuns(experiment, options, out);
  const execution = await execute(planned, options);
  const { outcomes, warnings, isInterrupted } = execution;
  if (outcomes.length === 0 && !isInterrupted) {
    throw new UserError(`${experiment.name}: nothing could be run: ${warnings[0]}`);
  }
  const shown = options.quick ? withoutReferences(experiment) : experiment;
  const runs = await outcomesByRun(shown, options, outcomes);
  const report = await reportOf(shown, options, execution, runs, planned);
  return { report, outcomes, files: await writeReport(report, out), isInterrupted };
}

/** Of other samples and epochs than theirs, other people's numbers would say nothing. */
function withoutReferences(experiment: Experiment): Experiment {
  return {
    ...experiment,
    runs: experiment.runs.map((run) => ({ ...run, references: [] })),
    tables: experiment.tables.map((table) => ({ ...table, references: [] })),
  };
}

/** In the order of the experiment, each with the error of its corrupted input, where it has one. */
async function outcomesByRun(
  experiment: Experiment,
  extent: Extent,
  outcomes: readonly Outcome[],
): Promise<RunOutcomes[]> {
  const runs: RunOutcomes[] = [];
  for (const run of runsOf(experiment, extent)) {
    const own = outcomes.filter((each) => each.run.label === run.label);
    const derived = [];
    for (const each of own) derived.push(withDerived(each, await knownInputLoss(each)));
    runs.push({ run, outcomes: derived });
  }
  return runs;
}

/** Undefined where there is no task, or its data are no longer there. */
async function knownInputLoss(outcome: Outcome): Promise<number | undefined> {
  const config = configOf(outcome);
  try {
    return config && (await inputLoss(config));
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

function withDerived(outcome: Outcome, inputLoss: number | undefined): Outcome {
  const { end } = outcome;
  const policy = configOf(outcome)?.lambdaPolicy;
  return {
    ...outcome,
    end: {
      ...end,
      ...(inputLoss !== undefined && {
        'input loss': inputLoss,
        'loss against input': end['test loss'] / inputLoss,
      }),
      ...(policy?.kind === 'target-density' && {
        'density against target': end.density / policy.density,
      }),
    },
  };
}

async function reportOf(
  experiment: Experiment,
  options: ReproduceOptions,
  execution: Execution,
  runs: readonly RunOutcomes[],
  planned: readonly PlannedRun[],
): Promise<Report> {
  const { name, title, shows, source, notes, tables, figures } = experiment;
  const unit = unitOf(experiment);
  const warnings = [
    ...(await shortened(experiment, options, planned)),
    ...execution.warnings,
    ...absentMetrics(experiment, runs),
  ];
  const { outcomes, isInterrupted } = execution;
  if (isInterrupted) {
    warnings.push(
      `incomplete: interrupted when ${outcomes.length} of ${planned.length} runs were done`,
    );
  }
  const drawn = [];
  for (const spec of figures) {
    try {
      const figure = await figureOf(spec, runs, unit, (problem) =>
        warnings.push(`figure ${spec.name}: ${problem}`),
      );
      if (figure) drawn.push(figure);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      warnings.push(`figure ${spec.name} is missing: ${error.message}`);
    }
  }
  return {
    name,
    title,
    summary: [`${shows[0].toUpperCase()}${shows.slice(1)}.`, ...notes],
    warnings,
    tables: [...tables.map((spec) => tableOf(spec, runs, unit)), ...comparisonTables(runs, unit)],
    figures: drawn,
    provenance: [['experiment', source], ...(await provenanceOf(outcomes, options.command))],
  };
}
