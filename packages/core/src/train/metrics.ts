import type { Build, Machine } from '../engine/index.js';
import type { MultiplyAdds } from '../graph/index.js';

/** Averages over a set of samples. */
export interface Score {
  readonly loss: number;
  /** Share of samples whose largest logit is the label's; with class labels only. */
  readonly accuracy?: number;
}

/** Non-zero weights / weights, biases not counted. */
export interface Density {
  readonly total: number;
  /** By layer. */
  readonly layers: Readonly<Record<string, number>>;
  /** Of a network without convolutions, by linear layer: outputs with a non-zero weight / outputs. */
  readonly rows?: Readonly<Record<string, number>>;
  /** Of a network with convolutions: what is not zero of their weights, kernels and filters. */
  readonly convolutions?: {
    readonly weights: number;
    readonly kernels: number;
    readonly filters: number;
  };
  /** Of a network with convolutions: the density of its linear layers. */
  readonly linear?: number;
}

/** One epoch: a line of metrics.jsonl. */
export interface EpochMetrics {
  /** From 1. */
  readonly epoch: number;
  readonly train: Score;
  /** Missing where no samples were held back. */
  readonly validation?: Score;
  readonly density: Density;
  /** J(θ) at the end of the epoch; null where it is infinite: a weight is outside its domain. */
  readonly regularizer: number | null;
  /** λ of the first regularized group, at the end of the epoch; the mean where every weight tensor has its own. */
  readonly lambda: number;
  /** Of the first group, during the epoch. */
  readonly learningRate: number;
  /** Of training and validation. */
  readonly seconds: number;
  /** Of training alone. */
  readonly samplesPerSecond: number;
}

/** A machine, and the form of the kernels that it ran. */
export interface TrainingMachine extends Machine {
  /** Their build; without kernels the backend's name, such as `plain`. */
  readonly kernels: Build | (string & {});
  /** Why no kernels could run here. */
  readonly whyPlain?: string;
  /** Earlier versions did not say. */
  readonly wideVectors?: boolean;
  /** Where `wideVectors` is false: why, in half a sentence. Earlier versions did not say. */
  readonly whyNarrow?: string;
  /** Why there was one thread where more were wanted, such as a page without cross-origin isolation. */
  readonly whyOneThread?: string;
}

/** The end of a run: summary.json. */
export interface Summary {
  /** Missing where the data have no test set. */
  readonly test?: Score;
  readonly density: Density;
  readonly multiplyAdds: {
    /** Of one sample. */
    readonly inference: MultiplyAdds;
    /** Of all steps of the run; scores on validation and test samples are not counted. */
    readonly training: MultiplyAdds;
  };
  readonly epochs: number;
  /** Over all sessions of the run. */
  readonly seconds: number;
  readonly seed: number;
  readonly threads: number;
  readonly peakMemoryBytes: number;
  readonly version: string;
  /** Of the session that came to the end; earlier versions wrote none. */
  readonly machine?: TrainingMachine;
}

/** Adds up the results of batches. */
export class ScoreSum {
  #samples = 0;
  #loss = 0;
  #hits = 0;

  add({ samples, loss, hits }: { samples: number; loss: number; hits: number }): void {
    this.#samples += samples;
    this.#loss += loss;
    this.#hits += hits;
  }

  get samples(): number {
    return this.#samples;
  }

  score(withAccuracy: boolean): Score {
    const loss = this.#loss / this.#samples;
    return withAccuracy ? { loss, accuracy: this.#hits / this.#samples } : { loss };
  }

  /** For a checkpoint: what `add` takes. */
  state(): { samples: number; loss: number; hits: number } {
    return { samples: this.#samples, loss: this.#loss, hits: this.#hits };
  }
}
