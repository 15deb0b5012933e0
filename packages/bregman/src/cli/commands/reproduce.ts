import { basename, isAbsolute } from 'node:path';
import { ConfigError } from '@bregman/core/schema';
import {
  type Experiment,
  type ExperimentObserver,
  experimentNames,
  loadExperiment,
  type Reproduction,
  reproduce,
} from '../../reproduce/index.js';
import { describeMetrics, describeScore } from '../describe.js';
import { Interruption } from '../errors.js';
import { interruptSignal } from '../interrupt.js';
import { threadsOption, wholeOption } from '../options.js';
import { Output } from '../output.js';
import { Progress } from '../progress.js';
import { duration, oneLine, percent, shellQuoted, table } from '../text.js';

interface Options {
  readonly list?: boolean;
  readonly quick?: boolean;
  readonly seeds?: string;
  readonly epochs?: string;
  readonly threads?: string;
  readonly data?: string;
  readonly out?: string;
  readonly json?: boolean;
}

/** `bregman reproduce` */
export default async function reproduceCommand(
  nameOrPath: string | undefined,
  options: Options,
): Promise<void> {
  const output = new Output(options.json);
  if (options.list) return list(output);
  if (nameOrPath === undefined) {
    throw new ConfigError("which experiment? 'bregman reproduce --list' shows all");
  }
  const command = commandOf(nameOrPath, options);
  const { seeds, epochs } = options;
  const extent = {
    ...(seeds !== undefined && { seeds: wholeOption('seeds', seeds, 1000) }),
    ...(epochs !== undefined && { epochs: wholeOption('epochs', epochs) }),
    quick: options.quick,
    dataDir: options.data,
    out: options.out,
  };
  const experiment = await loadExperiment(nameOrPath);
  const progress = new Progress();
  const signal = interruptSignal(() => {
    progress.clear();
    process.stderr.write('saving; a second Ctrl-C exits at once\n');
  });
  try {
    output.line(oneLine(experiment.title));
    const result = await reproduce(experiment, {
      ...extent,
      ...threadsOption(options.threads),
      signal,
      command: commandOf(...withoutPlaces(nameOrPath, options)),
      observer: watch(output, progress),
    });
    progress.clear();
    showEnd(output, experiment, result);
    if (result.isInterrupted) throw new Interruption(`interrupted; to go on: ${command}`);
  } finally {
    progress.clear();
  }
}

async function list(output: Output): Promise<void> {
  const experiments = await Promise.all((await experimentNames()).map(loadExperiment));
  output.either(
    experiments.map(({ name, title, shows, source, duration }) => ({
      name,
      title,
      shows,
      source,
      duration,
    })),
    () => {
      const width = Math.max(...experiments.map(({ name }) => name.length));
      return experiments.map(
        ({ name, shows, duration }) => `${name.padEnd(width)}  ${shows} (${duration})`,
      );
    },
  );
}

/** What to type to do the same again, in any shell. */
function commandOf(nameOrPath: string, options: Options): string {
  const { quick, seeds, epochs, threads, data, out, json } = options;
  const valued = Object.entries({ seeds, epochs, threads, data, out }).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, shellQuoted(value)],
  );
  const flags = [...(quick ? ['--quick'] : []), ...valued, ...(json ? ['--json'] : [])];
  return ['bregman reproduce', shellQuoted(nameOrPath), ...flags].join(' ');
}

/** Where the user's folders lie is of no use to readers of a report. */
function withoutPlaces(nameOrPath: string, options: Options): [string, Options] {
  const { data, out } = options;
  const short = (path: string) => (isAbsolute(path) ? basename(path) : path);
  return [
    short(nameOrPath),
    { ...options, ...(data && { data: short(data) }), ...(out && { out: short(out) }) },
  ];
}

/** A line for each run, and below it, on a terminal, the bar of its epoch. */
function watch(output: Output, progress: Progress): ExperimentObserver {
  return {
    onProgress: progress.onDownload,
    onDecode: progress.onDecode,
    onStep: (step) => progress.onStep(step),
    onRun({ label, seed }, { number, runs, secondsLeft }) {
      progress.clear();
      const left = secondsLeft === undefined ? '' : `, about ${duration(secondsLeft)} left`;
      output.line(`run ${number} of ${runs}${left}: ${oneLine(label)}, seed ${seed}`);
    },
    onEpoch(metrics) {
      progress.clear();
      output.line(output.colors.dim(`  ${describeMetrics(metrics)}`));
    },
    onFinished({ label, seed }, { outcome, summary, isOld }) {
      progress.clear();
      output.json({ label, seed, summary: summary ?? outcome.end });
      const parts = [
        ...(summary?.test ? [`test ${describeScore(summary.test)}`] : []),
        ...(summary ? [`density ${percent(summary.density.total)}`] : []),
        duration(outcome.end.seconds),
      ];
      const title = isOld ? `${oneLine(label)}, seed ${seed}, done before` : '  done';
      output.line(`${title}: ${parts.join(', ')}`);
    },
    onWarning(warning) {
      progress.clear();
      output.line(output.colors.yellow(oneLine(warning)));
    },
  };
}

function showEnd(output: Output, { name, title }: Experiment, { report, files }: Reproduction) {
  for (const { title, columns, rows } of report.tables) {
    output.line();
    output.line(output.colors.bold(oneLine(title)));
    const header = columns.map((column) => column.name);
    for (const line of table(header, rows)) output.line(line);
  }
  output.line();
  output.line(`the report is ${oneLine(files.html)} and ${oneLine(files.markdown)}`);
  output.json({ name, title, warnings: report.warnings, tables: report.tables, files });
}
