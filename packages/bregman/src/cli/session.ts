import {
  type Config,
  type EpochMetrics,
  inspect,
  type TrainingData,
  type TrainOptions,
  type TrainResult,
} from '@bregman/core/train';
import { loadTrainingData, type RunDirectory, trainRun } from '../runs/index.js';
import { describeConfig, describeSummary, layerTable } from './describe.js';
import { Interruption } from './errors.js';
import { interruptSignal } from './interrupt.js';
import { Output } from './output.js';
import { Progress } from './progress.js';
import { align, oneLine, percent, shellQuoted, short } from './text.js';

/** The columns of the table that grows by a row an epoch. */
const columns: readonly [title: string, width: number, (metrics: EpochMetrics) => string][] = [
  ['epoch', 6, ({ epoch }) => String(epoch)],
  ['train loss', 10, ({ train }) => train.loss.toFixed(4)],
  ['accuracy', 8, ({ train }) => percent(train.accuracy)],
  ['val. loss', 9, ({ validation }) => validation?.loss.toFixed(4) ?? ''],
  ['accuracy', 8, ({ validation }) => percent(validation?.accuracy)],
  ['density', 8, ({ density }) => percent(density.total)],
  ['J', 9, ({ regularizer }) => (regularizer === null ? '∞' : short(regularizer))],
  ['λ', 9, ({ lambda }) => short(lambda)],
  ['lr', 9, ({ learningRate }) => short(learningRate)],
  ['seconds', 7, ({ seconds }) => seconds.toFixed(1)],
];
const widths = columns.map(([, width]) => width);

/** A training watched from the command line: what `train` and `resume` have in common. */
export class Session {
  readonly #output: Output;
  readonly #progress = new Progress();
  readonly #signal = interruptSignal(() => {
    this.#progress.clear();
    process.stderr.write('saving; a second Ctrl-C exits at once\n');
  });

  constructor(json?: boolean) {
    this.#output = new Output(json);
  }

  /** Loads the data, with a bar where they are downloaded or decoded. */
  async loadData(config: Config): Promise<TrainingData> {
    try {
      return await loadTrainingData(config, {
        onProgress: this.#progress.onDownload,
        onDecode: this.#progress.onDecode,
        signal: this.#signal,
      });
    } catch (error) {
      if (error === this.#signal.reason) throw new Interruption('interrupted; nothing was trained');
      throw error;
    } finally {
      this.#progress.clear();
    }
  }

  /**
   * Trains, and shows each epoch and the end.
   *
   * @throws {Interruption} the user stopped it; the run is saved
   */
  async train(
    run: RunDirectory,
    options: Omit<TrainOptions, 'signal' | 'observers'>,
  ): Promise<void> {
    const { dim } = this.#output.colors;
    this.#output.line(describeConfig(run.config));
    this.#output.line(
      dim(
        align(
          columns.map(([title]) => title),
          widths,
        ),
      ),
    );
    const result = await this.#trainRun(run, options);
    result.close();
    if (result.ending === 'signal') throw interruption(run.path);
    this.#showEnd(run, result);
  }

  async #trainRun(run: RunDirectory, options: TrainOptions): Promise<TrainResult> {
    const watch = {
      onStep: this.#progress.onStep.bind(this.#progress),
      onEpoch: this.#showEpoch.bind(this),
    };
    try {
      return await trainRun(run, { ...options, signal: this.#signal, observers: [watch] });
    } finally {
      this.#progress.clear();
    }
  }

  #showEpoch(metrics: EpochMetrics): void {
    this.#progress.clear();
    this.#output.json(metrics);
    this.#output.line(
      align(
        columns.map(([, , show]) => show(metrics)),
        widths,
      ),
    );
  }

  #showEnd({ path, config }: RunDirectory, result: TrainResult): void {
    const { summary, ending, weights, metrics } = result;
    const { bold } = this.#output.colors;
    this.#output.line();
    for (const line of layerTable(inspect(weights))) this.#output.line(line);
    this.#output.line();
    if (metrics.length === 0) this.#output.line('nothing was left to train');
    if (ending === 'early-stop') {
      this.#output.line(`stopped: no better epoch for ${config.earlyStop?.patience} epochs`);
    }
    this.#output.line(bold(describeSummary(summary)));
    this.#output.line(`the run is in ${oneLine(path)}`);
    this.#output.json(summary);
  }
}

function interruption(path: string): Interruption {
  return new Interruption(`interrupted; to go on: bregman resume ${shellQuoted(path)}`);
}
