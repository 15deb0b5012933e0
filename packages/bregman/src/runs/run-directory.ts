import { existsSync } from 'node:fs';
import { readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileError, type Safetensors, safetensorsPieces, UserError } from '@bregman/core/files';
import { ConfigError, parse, parseJson } from '@bregman/core/schema';
import type { Checkpoint, EpochMetrics, Observer, ResumePoint, Summary } from '@bregman/core/train';
import {
  type Config,
  checkpointFile,
  DamagedRunError,
  decodeCheckpoint,
  metricsSchema,
  modelFile,
  resolveConfig,
  summarySchema,
} from '@bregman/core/train';
import { type FileContent, makeFolder, readBytes, writeAtomic } from '../files/index.js';

/** The files of a run directory. */
export const runFiles = {
  config: 'config.json',
  metrics: 'metrics.jsonl',
  /**
   * Models of the last checkpoint and of the best epoch: dense float32 under PyTorch's names, with what
   * else it takes to predict.
   */
  last: 'last.safetensors',
  best: 'best.safetensors',
  /** Everything that `resume` needs, in one file, so that its parts always belong together. */
  state: 'state.safetensors',
  summary: 'summary.json',
} as const;

/** A run's folder: keeps what the run yields, and lets it continue. */
export class RunDirectory implements Observer {
  readonly path: string;
  readonly config: Config;
  readonly #metrics: EpochMetrics[];
  #isNew = false;
  #hasCheckpoint = false;

  private constructor(path: string, config: Config, metrics: EpochMetrics[]) {
    this.path = path;
    this.config = config;
    this.#metrics = metrics;
  }

  /**
   * Makes the folder of a new run.
   *
   * @throws {UserError} it holds files already, or cannot be written
   */
  static async create(path: string, config: Config): Promise<RunDirectory> {
    await makeFolder(path);
    const found = await readdir(path);
    if (found.length > 0) {
      const hint = found.includes(runFiles.state)
        ? `'bregman resume ${path}' continues the run in it`
        : 'choose an empty or a new folder';
      throw new UserError(`${path} is not empty; ${hint}`);
    }
    const run = new RunDirectory(path, config, []);
    run.#isNew = true;
    await run.#writeJson(runFiles.config, config);
    await run.#write(runFiles.metrics, '');
    return run;
  }

  /**
   * Opens a run to continue it from its last checkpoint, or from the start where it has none yet;
   * later lines of the metrics are forgotten.
   *
   * @param epochs trains to this epoch instead of the configured one
   * @throws {DamagedRunError} its state or metrics are missing or damaged
   * @throws {UserError} its configuration is
   * @throws {ConfigError} the run is past the epoch wanted
   */
  static async open(
    path: string,
    epochs?: number,
  ): Promise<{ run: RunDirectory; resume?: ResumePoint }> {
    const stored = await readConfig(path);
    const config = epochs === undefined ? stored : resolveConfig({ ...stored, epochs }, path);
    const { resume, metrics } = await readRest(path);
    const done = resume?.progress.trainer.epoch ?? 0;
    if (config.epochs < done) {
      throw new ConfigError(`${path}: epochs: ${epochs} is less than the ${done} the run has`);
    }
    const kept = metrics.filter(({ epoch }) => epoch <= done);
    const run = new RunDirectory(path, config, kept);
    run.#hasCheckpoint = resume !== undefined;
    if (epochs !== undefined) await run.#writeJson(runFiles.config, config);
    return { run, ...(resume && { resume }) };
  }

  /** Whether there is something to continue from. */
  get hasCheckpoint(): boolean {
    return this.#hasCheckpoint;
  }

  async onEpoch(metrics: EpochMetrics): Promise<void> {
    this.#metrics.push(metrics);
    // What an earlier, shorter run ended with is no longer the end.
    await rm(join(this.path, runFiles.summary), { force: true });
    const lines = this.#metrics.map((line) => `${JSON.stringify(line)}\n`);
    await writeAtomic(join(this.path, runFiles.metrics), lines.join(''));
  }

  async onCheckpoint(checkpoint: Checkpoint): Promise<void> {
    const { model, weights, averaged, best } = checkpoint;
    // The state comes last: until it is there, a run continues from the checkpoint before, and finds
    // the other files' content again.
    if (best) await this.#writeTensors(runFiles.best, modelFile(model, best));
    await this.#writeTensors(runFiles.last, modelFile(model, averaged ?? weights));
    await this.#writeTensors(runFiles.state, checkpointFile(checkpoint));
    this.#hasCheckpoint = true;
  }

  async finish(summary: Summary): Promise<void> {
    await this.#writeJson(runFiles.summary, summary);
  }

  /** Removes what `create` made if no checkpoint has come since; other files in the folder stay. */
  async discard(): Promise<void> {
    if (!this.#isNew || this.#hasCheckpoint) return;
    for (const name of Object.values(runFiles)) await rm(join(this.path, name), { force: true });
    await rmdir(this.path).catch(() => {});
  }

  #writeJson(name: string, value: unknown): Promise<void> {
    return this.#write(name, `${JSON.stringify(value, null, 2)}\n`);
  }

  #writeTensors(name: string, { tensors, metadata }: Safetensors): Promise<void> {
    return this.#write(name, safetensorsPieces(tensors, metadata));
  }

  #write(name: string, data: FileContent): Promise<void> {
    return writeAtomic(join(this.path, name), data);
  }
}

/**
 * A path for the next run of this name: `parent/name-1`, or the number after the highest there.
 *
 * @throws {UserError} the parent cannot be read
 */
export async function nextRunPath(parent: string, name: string): Promise<string> {
  const found = await readdir(parent).catch((error) => {
    if (error.code === 'ENOENT') return [];
    throw fileError(error, 'read', parent);
  });
  const numbers = found
    .filter((entry) => entry.startsWith(`${name}-`))
    .map((entry) => Number(entry.slice(name.length + 1)))
    .filter(Number.isSafeInteger);
  return join(parent, `${name}-${Math.max(0, ...numbers) + 1}`);
}

/**
 * The configuration of a run.
 *
 * @throws {UserError} it is missing or damaged, or the run is no training
 */
export async function readConfig(path: string): Promise<Config> {
  const file = join(path, runFiles.config);
  const input = parse(await readText(file), file);
  if (typeof input === 'object' && input !== null && !('model' in input)) {
    throw new UserError(
      `${file}: it names no model, so the run is no training (one of compressed sensing is shown ` +
        'in the report of its experiment)',
    );
  }
  return resolveConfig(input, file);
}

/**
 * The metrics of a run, epoch by epoch.
 *
 * @throws {UserError} a line is damaged
 */
export async function readMetrics(path: string): Promise<EpochMetrics[]> {
  const file = join(path, runFiles.metrics);
  const text = await readText(file);
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line, index) => parseJson(line, `${file}, line ${index + 1}`, metricsSchema));
}

/**
 * The summary of a run that has come to its end.
 *
 * @throws {UserError} it is damaged
 */
export async function readSummary(path: string): Promise<Summary | undefined> {
  const file = join(path, runFiles.summary);
  return existsSync(file) ? parseJson(await readText(file), file, summarySchema) : undefined;
}

async function readText(path: string): Promise<string> {
  return new TextDecoder().decode(await readBytes(path));
}

/** What an unfinished run continues from. */
async function readRest(
  path: string,
): Promise<{ resume: ResumePoint | undefined; metrics: EpochMetrics[] }> {
  try {
    const resume = await readState(join(path, runFiles.state));
    return { resume, metrics: await readMetrics(path) };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new DamagedRunError(error.message, { cause: error });
  }
}

async function readState(path: string): Promise<ResumePoint | undefined> {
  return existsSync(path) ? decodeCheckpoint(await readBytes(path), path) : undefined;
}
