import type { StepProgress } from '@bregman/core/train';
import { SingleBar } from 'cli-progress';

const WIDTH = 28;

/** A progress bar on the terminal that standard error is; without one it does nothing. */
export class Progress {
  #bar: SingleBar | undefined;
  #title = '';
  #startedAt = 0;
  #startedWith = 0;

  constructor() {
    // Whatever ends the process, the terminal gets its line wrapping back.
    process.once('exit', () => this.clear());
  }

  /** Bytes of a download. */
  readonly onDownload = (received: number, total: number): void => {
    this.#show('download', received / 2 ** 20, total / 2 ** 20, 'MiB/s');
  };

  /** Images of a folder. */
  readonly onDecode = (done: number, total: number): void => {
    this.#show('decoding', done, total, 'images/s');
  };

  /** Samples of an epoch. */
  onStep({ epoch, epochs, samples, samplesPerEpoch }: StepProgress): void {
    this.#show(`epoch ${epoch}/${epochs}`, samples, samplesPerEpoch, 'samples/s');
  }

  /** Takes the bar away. */
  clear(): void {
    this.#bar?.stop();
    this.#bar = undefined;
  }

  #show(title: string, value: number, total: number, unit: string): void {
    if (!process.stderr.isTTY) return;
    if (!this.#bar || this.#title !== title) this.#start(title, value, total, unit);
    const seconds = (performance.now() - this.#startedAt) / 1000;
    const rate = seconds > 0 ? (value - this.#startedWith) / seconds : 0;
    this.#bar?.update(value, { rate: Math.round(rate).toLocaleString('en-US') });
  }

  #start(title: string, value: number, total: number, unit: string): void {
    this.clear();
    this.#title = title;
    this.#startedAt = performance.now();
    this.#startedWith = value;
    this.#bar = new SingleBar({
      format: `${title} {bar} {percentage} %  {rate} ${unit}  {eta_formatted} left`,
      barCompleteChar: '█',
      barIncompleteChar: '░',
      barsize: WIDTH,
      clearOnComplete: true,
      etaBuffer: 50,
      stream: process.stderr,
    });
    this.#bar.start(total, value, { rate: '–' });
  }
}
