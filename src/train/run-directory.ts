import { existsSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  decodeSafetensors,
  encodeSafetensors,
  fileError,
  readBytes,
  UserError,
  writeAtomic,
} from '../files/index.js';
import { type Config, resolveConfig } from './config.js';
import type { Checkpoint, Observer, Progress } from './fit.js';
import type { EpochMetrics, Summary } from './metrics.js';
import type { TrainOptions } from './train.js';

/** The files of a run directory. */
export const runFiles = {
  config: 'config.json',
  metrics: 'metrics.jsonl',
  /** Weights of the last checkpoint and of the best epoch: dense float32 under PyTorch's names. */
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
  #metrics: EpochMetrics[];

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
    try {
      await mkdir(path, { recursive: true });
    } catch (error) {
      throw fileError(error, 'write', path);
    }
    const found = await readdir(path);
    if (found.length > 0) {
      const hint = found.includes(runFiles.state)
        ? `'bregman resume ${path}' continues the run in it`
        : 'choose an empty or a new folder';
      throw new UserError(`${path} is not empty; ${hint}`);
    }
    const run = new RunDirectory(path, config, []);
    await run.#write(runFiles.config, `${JSON.stringify(config, null, 2)}\n`);
    await run.#write(runFiles.metrics, '');
    return run;
  }

  /**
   * Opens a run to continue it from its last checkpoint, or from the start where it has none yet;
   * later lines of the metrics are forgotten.
   *
   * @param epochs trains to this epoch instead of the configured one
   * @throws {UserError} a file is missing or damaged
   */
  static async open(
    path: string,
    epochs?: number,
  ): Promise<{ run: RunDirectory; resume?: NonNullable<TrainOptions['resume']> }> {
    const stored = await readConfig(path);
    const config = epochs === undefined ? stored : { ...stored, epochs };
    const resume = await readState(join(path, runFiles.state));
    const metrics = await readMetrics(path);
    const done = resume?.progress.trainer.epoch ?? 0;
    const kept = metrics.filter(({ epoch }) => epoch <= done);
    const run = new RunDirectory(path, config, kept);
    if (epochs !== undefined) {
      await run.#write(runFiles.config, `${JSON.stringify(config, null, 2)}\n`);
    }
    return { run, ...(resume && { resume }) };
  }

  async onEpoch(metrics: EpochMetrics): Promise<void> {
    this.#metrics.push(metrics);
    const lines = this.#metrics.map((line) => `${JSON.stringify(line)}\n`);
    await writeAtomic(join(this.path, runFiles.metrics), lines.join(''));
  }

  async onCheckpoint({ progress, weights, optimizer, best }: Checkpoint): Promise<void> {
    const all = new Map([...weights, ...optimizer]);
    const metadata = { progress: JSON.stringify(progress) };
    await this.#write(runFiles.state, encodeSafetensors(all, metadata));
    await this.#write(runFiles.last, encodeSafetensors(weights));
    if (best) await this.#write(runFiles.best, encodeSafetensors(best));
  }

  async finish(summary: Summary): Promise<void> {
    await this.#write(runFiles.summary, `${JSON.stringify(summary, null, 2)}\n`);
  }

  #write(name: string, data: Uint8Array | string): Promise<void> {
    return writeAtomic(join(this.path, name), data);
  }
}

/**
 * The configuration of a run.
 *
 * @throws {UserError} it is missing or damaged
 */
export async function readConfig(path: string): Promise<Config> {
  const file = join(path, runFiles.config);
  return resolveConfig(parseJson(await readText(file), file), file);
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
    .map((line, index) => parseJson(line, `${file}, line ${index + 1}`) as EpochMetrics);
}

async function readText(path: string): Promise<string> {
  return new TextDecoder().decode(await readBytes(path));
}

function parseJson(text: string, source: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UserError(`${source}: no valid JSON (${(error as Error).message})`);
  }
}

async function readState(path: string): Promise<TrainOptions['resume']> {
  if (!existsSync(path)) return undefined;
  const { tensors, metadata } = decodeSafetensors(await readBytes(path), path);
  return { progress: parseProgress(metadata.progress, path), tensors };
}

function parseProgress(text: string | undefined, source: string): Progress {
  if (text === undefined) throw new UserError(`${source}: it holds no state of a run`);
  return parseJson(text, source) as Progress;
}
