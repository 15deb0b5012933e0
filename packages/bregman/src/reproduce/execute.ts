import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { UserError } from '@bregman/core/files';
import {
  type Config,
  ConfigError,
  DamagedRunError,
  DivergenceError,
  type EpochMetrics,
  type StepProgress,
  type Summary,
  type TrainingData,
} from '@bregman/core/train';
import { type Dataset, isDatasetName, type LoadOptions, loadDataset } from '../data/index.js';
import { RunDirectory, takeTrainingData, trainRun } from '../runs/index.js';
import { readRun, runRecovery } from './folder.js';
import type { Outcome } from './outcome.js';
import type { Extent, PlannedRun } from './plan.js';

/** Someone who watches an experiment. */
export interface ExperimentObserver extends Pick<LoadOptions, 'onProgress' | 'onDecode'> {
  /** A run begins or goes on. */
  onRun?(run: PlannedRun, progress: ExperimentProgress): void;
  onStep?(progress: StepProgress): void;
  onEpoch?(metrics: EpochMetrics): void;
  /** A run has come to its end, now or earlier. */
  onFinished?(run: PlannedRun, end: FinishedRun): void;
  /** Something is missing; the rest goes on. */
  onWarning?(warning: string): void;
}

/** Where an experiment is. */
export interface ExperimentProgress {
  /** Of the run that begins, from 1, and how many there are in all. */
  readonly number: number;
  readonly runs: number;
  /** By the runs of this session; undefined before the first is done. */
  readonly secondsLeft: number | undefined;
}

/** How a run ended. */
export interface FinishedRun {
  readonly outcome: Outcome;
  readonly summary?: Summary;
  /** Whether it had been finished in an earlier session. */
  readonly isOld: boolean;
}

/** Where the data are, what runs an experiment, what stops it, and who watches. */
export interface ExecuteOptions extends Pick<Extent, 'dataDir'> {
  readonly threads?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly observer?: ExperimentObserver | undefined;
}

/** What came of all runs. */
export interface Execution {
  readonly outcomes: readonly Outcome[];
  /** What is missing, and why: a line each. */
  readonly warnings: readonly string[];
  readonly isInterrupted: boolean;
}

/**
 * Runs what is not finished yet, until the signal, and reads what is. A run that diverges, lacks its data or is damaged
 * is named, and the others go on.
 *
 * @throws {UserError} a folder holds a run of another configuration, or cannot be written
 */
export async function execute(
  planned: readonly PlannedRun[],
  options: ExecuteOptions,
): Promise<Execution> {
  // Before anything is trained, so that a wrong folder costs no time.
  for (const run of planned) await readRun(run);
  return new Executor(planned, options).run();
}

class Executor {
  readonly #planned: readonly PlannedRun[];
  readonly #options: ExecuteOptions;
  readonly #observer: ExperimentObserver;
  readonly #outcomes: Outcome[] = [];
  readonly #warnings: string[] = [];
  readonly #data: DataCache;
  #trainedLength = 0;
  readonly #started = performance.now();

  constructor(planned: readonly PlannedRun[], options: ExecuteOptions) {
    this.#planned = planned;
    this.#options = options;
    this.#observer = options.observer ?? {};
    this.#data = new DataCache(options);
  }

  async run(): Promise<Execution> {
    for (const [index, run] of this.#planned.entries()) {
      try {
        await this.#runOne(run, index);
      } catch (error) {
        if (this.#isInterrupted && error === this.#options.signal?.reason) continue;
        if (!isOfOneRun(error)) throw error;
        if (error instanceof DataError) this.#warnOnce(error.message);
        else if (error instanceof DamagedRunError) this.#warnOfDamage(run, error.message);
        else this.#warn(run, error.message);
      }
    }
    return {
      outcomes: this.#outcomes,
      warnings: this.#warnings,
      isInterrupted: this.#isInterrupted,
    };
  }

  get #isInterrupted(): boolean {
    return this.#options.signal?.aborted ?? false;
  }

  async #runOne(run: PlannedRun, index: number): Promise<void> {
    const state = await readRun(run);
    if (state.kind === 'damaged') {
      this.#warnOfDamage(run, state.problem);
      return;
    }
    if (state.kind === 'finished') {
      this.#finish(state.outcome, true);
      return;
    }
    // What is finished further on is still read, for the report.
    if (this.#isInterrupted) return;
    if (run.work.kind === 'training') this.#data.checkFailure(run.work.config);
    this.#observer.onRun?.(run, {
      number: index + 1,
      runs: this.#planned.length,
      secondsLeft: this.#secondsLeft(index),
    });
    const outcome = await this.#carryOut(run, state.kind === 'interrupted');
    if (!outcome) return;
    this.#trainedLength += run.length;
    this.#finish(outcome, false);
  }

  /** Undefined where the signal stopped it. */
  async #carryOut(run: PlannedRun, isInterrupted: boolean): Promise<Outcome | undefined> {
    const { work, path } = run;
    if (work.kind === 'recovery') return runRecovery(run, work.config);
    const data = await this.#data.load(work.config);
    const opened = isInterrupted
      ? await RunDirectory.open(path)
      : { run: await RunDirectory.create(path, work.config) };
    const { threads, signal } = this.#options;
    const result = await trainRun(opened.run, {
      data,
      ...(threads !== undefined && { threads }),
      ...(signal && { signal }),
      ...('resume' in opened && opened.resume && { resume: opened.resume }),
      observers: [
        {
          onStep: (progress) => this.#observer.onStep?.(progress),
          onEpoch: (metrics) => this.#observer.onEpoch?.(metrics),
        },
      ],
    });
    result.close();
    if (result.ending === 'signal') return undefined;
    const state = await readRun(run);
    if (state.kind === 'finished') return state.outcome;
    throw new DamagedRunError(
      state.kind === 'damaged' ? state.problem : `${path}: it is not finished`,
    );
  }

  #finish(outcome: Outcome, isOld: boolean): void {
    this.#outcomes.push(outcome);
    const { summary } = outcome;
    this.#observer.onFinished?.(outcome.run, { outcome, isOld, ...(summary && { summary }) });
  }

  #warn({ label, seed }: PlannedRun, problem: string): void {
    this.#warnOnce(`${label}, seed ${seed} is missing: ${problem}`);
  }

  #warnOfDamage(run: PlannedRun, problem: string): void {
    this.#warn(run, `${problem}; to run it again, remove ${run.path}`);
  }

  #warnOnce(warning: string): void {
    if (this.#warnings.includes(warning)) return;
    this.#warnings.push(warning);
    this.#observer.onWarning?.(warning);
  }

  /** As if all runs took as long an epoch as those done in this session. */
  #secondsLeft(index: number): number | undefined {
    if (this.#trainedLength === 0) return undefined;
    const seconds = (performance.now() - this.#started) / 1000;
    const left = this.#planned.slice(index).reduce((sum, { length }) => sum + length, 0);
    return (seconds / this.#trainedLength) * left;
  }
}

/** Whether the other runs may go on. */
function isOfOneRun(error: unknown): error is Error {
  const kinds = [DivergenceError, ConfigError, DamagedRunError, DataError];
  return kinds.some((kind) => error instanceof kind);
}

/** A set of data cannot be loaded. */
class DataError extends UserError {}

/** Keeps the data of the last run, for the next one on the same. */
class DataCache {
  readonly #options: ExecuteOptions;
  #key = '';
  #data: TrainingData | undefined;
  /** By set and place: what went wrong with it. */
  readonly #failures = new Map<string, DataError>();

  constructor(options: ExecuteOptions) {
    this.#options = options;
  }

  /**
   * @throws {DataError} the set cannot be loaded
   * @throws {ConfigError} the run asks for what it does not have
   */
  async load(config: Config): Promise<TrainingData> {
    const { data, dataDir, samples, task, seed } = config;
    const key = JSON.stringify({ data, dataDir, samples, task, seed });
    if (this.#data && key === this.#key) return this.#data;
    this.checkFailure(config);
    // Gone before the next come, which may be as large.
    this.#data = undefined;
    this.#data = takeTrainingData(await this.#loadSet(config), config);
    this.#key = key;
    return this.#data;
  }

  async #loadSet(config: Config): Promise<Dataset> {
    const { data, dataDir, seed } = config;
    const { onProgress, onDecode } = this.#options.observer ?? {};
    const { signal } = this.#options;
    const dir = dataDir ?? undefined;
    try {
      return await loadDataset(data, { seed, dir, onProgress, onDecode, signal });
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      const hint = this.#mayHelp(config) ? '; --data DIR says where the data are' : '';
      const problem = `all runs on ${basename(data)} are missing: ${error.message}${hint}`;
      const failure = new DataError(problem, { cause: error });
      this.#failures.set(placeOf(config), failure);
      throw failure;
    }
  }

  /** Whether `--data` may help: it has not been given, and nothing is where the data should be. */
  #mayHelp({ data, dataDir }: Config): boolean {
    const place = dataDir ?? (isDatasetName(data) ? undefined : data);
    return this.#options.dataDir === undefined && (place === undefined || !existsSync(place));
  }

  /** Throws again what went wrong with this set before. */
  checkFailure(config: Config): void {
    const failure = this.#failures.get(placeOf(config));
    if (failure) throw failure;
  }
}

function placeOf({ data, dataDir }: Config): string {
  return JSON.stringify([data, dataDir]);
}
