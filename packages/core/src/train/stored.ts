import {
  anything,
  fields,
  list,
  nullable,
  number,
  optional,
  record,
  type Schema,
  text,
  truth,
  whole,
} from '../schema/index.js';
import type { Progress } from './fit.js';
import type { EpochMetrics, Summary } from './metrics.js';

/*
 * What a run writes and reads back. The files may be damaged or of another program, so they are
 * checked before anything relies on them.
 */

const count = whole(0);

const score = fields({ loss: number(), accuracy: optional(number()) });

const density = fields({
  total: number(),
  layers: record(number()),
  rows: optional(record(number())),
  convolutions: optional(fields({ weights: number(), kernels: number(), filters: number() })),
  linear: optional(number()),
});

const multiplyAdds = fields({ used: number(), dense: number() });

/** A line of metrics.jsonl. */
export const metricsSchema: Schema<EpochMetrics, unknown> = fields({
  epoch: count,
  train: score,
  validation: optional(score),
  density,
  regularizer: nullable(number()),
  lambda: number(),
  learningRate: number(),
  seconds: number(),
  samplesPerSecond: number(),
});

/** Where something was computed. */
export const machineSchema = fields({ processor: text, cores: count, host: text });

/** summary.json. */
export const summarySchema: Schema<Summary, unknown> = fields({
  test: optional(score),
  density,
  multiplyAdds: fields({ inference: multiplyAdds, training: multiplyAdds }),
  epochs: count,
  seconds: number(),
  seed: number(),
  threads: number(),
  peakMemoryBytes: number(),
  version: text,
  machine: optional(
    fields({
      ...machineSchema.entries,
      kernels: text,
      wideVectors: optional(truth),
      whyPlain: optional(text),
      whyOneThread: optional(text),
      whyNarrow: optional(text),
    }),
  ),
});

/** The metadata of state.safetensors. */
export const progressSchema: Schema<Progress, unknown> = fields({
  trainer: fields({
    epoch: count,
    batch: count,
    steps: count,
    sums: fields({ samples: count, loss: number(), hits: count }),
    multiplyAdds,
    lambdas: list(number()),
    schedules: list(anything),
    policies: list(anything),
  }),
  best: nullable(fields({ epoch: count, score })),
  seconds: number(),
  epochSeconds: number(),
});
