/** What a page's main thread and the worker that trains for it say to one another. */
import type { Kernels } from '../engine/index.js';
import { ConfigError, UserError } from '../files/errors.js';
import type { Config } from './config.js';
import { DamagedRunError } from './damaged-run-error.js';
import { DivergenceError } from './divergence-error.js';
import type { Checkpoint, StepProgress } from './fit.js';
import type { EpochMetrics } from './metrics.js';
import type { TrainOptions, TrainResult } from './options.js';

/** What the page asks for: the options of `train` but for what cannot travel, and what stands for it. */
export interface Order
  extends Omit<TrainOptions, 'build' | 'onEpoch' | 'observers' | 'signal' | 'stop'> {
  readonly config: Config;
  /** Undefined where it trains in plain TypeScript. */
  readonly kernels: Kernels | undefined;
  /** Whether someone watches each step, and each checkpoint. */
  readonly watchesSteps: boolean;
  readonly watchesCheckpoints: boolean;
}

/** What the page says afterwards: it has dealt with an epoch or checkpoint, or wants the run to pause or to stop. */
export type Reply = 'go on' | 'pause' | 'stop';

/** What the worker has to give at the end; the network is made anew from the weights. */
export type Outcome = Omit<TrainResult, 'config' | 'network' | 'close'>;

/** What the worker says. */
export type Report =
  | { readonly kind: 'step'; readonly progress: StepProgress }
  // The worker waits for a reply to these two.
  | { readonly kind: 'epoch'; readonly metrics: EpochMetrics }
  | { readonly kind: 'checkpoint'; readonly checkpoint: Checkpoint }
  | { readonly kind: 'end'; readonly outcome: Outcome }
  | { readonly kind: 'failure'; readonly failure: Failure };

/** An error on its way between threads, where its class would get lost. */
interface Failure {
  /** A key of `errorClasses`; undefined: a fault of ours. */
  readonly type: string | undefined;
  readonly message: string;
  readonly stack: string | undefined;
  /** Its own fields, such as the step of a divergence. */
  readonly fields: object;
}

/** Those first that extend others. Minified classes have no names of their own. */
const errorClasses = { DivergenceError, DamagedRunError, ConfigError, UserError };

/** An error as data that can travel. */
export function failureOf(error: unknown): Failure {
  const { message, stack, ...fields } = error as Error;
  const [type] = Object.entries(errorClasses).find(([, each]) => error instanceof each) ?? [];
  return { type, message, stack, fields: type ? fields : {} };
}

/** The error that {@link failureOf} took apart, of the same class. */
export function errorOf({ type, message, stack, fields }: Failure): Error {
  const error = new Error(message);
  if (type) Object.setPrototypeOf(error, errorClasses[type as keyof typeof errorClasses].prototype);
  return Object.assign(error, fields, { stack });
}
