import * as v from 'valibot';
import type { Progress } from './fit.js';
import type { EpochMetrics, Summary } from './metrics.js';

/*
 * What a run writes and reads back. The files may be damaged or of another program, so they are
 * checked before anything relies on them.
 */

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

const score = v.object({ loss: v.number(), accuracy: v.exactOptional(v.number()) });

const density = v.object({
  total: v.number(),
  layers: v.record(v.string(), v.number()),
  rows: v.exactOptional(v.record(v.string(), v.number())),
  convolutions: v.exactOptional(
    v.object({ weights: v.number(), kernels: v.number(), filters: v.number() }),
  ),
  linear: v.exactOptional(v.number()),
});

const multiplyAdds = v.object({ used: v.number(), dense: v.number() });

/** A line of metrics.jsonl. */
export const metricsSchema: v.GenericSchema<unknown, EpochMetrics> = v.object({
  epoch: count,
  train: score,
  validation: v.exactOptional(score),
  density,
  regularizer: v.nullable(v.number()),
  lambda: v.number(),
  learningRate: v.number(),
  seconds: v.number(),
  samplesPerSecond: v.number(),
});

/** Where something was computed. */
export const machineSchema = v.object({ processor: v.string(), cores: count, host: v.string() });

/** summary.json. */
export const summarySchema: v.GenericSchema<unknown, Summary> = v.object({
  test: v.exactOptional(score),
  density,
  multiplyAdds: v.object({ inference: multiplyAdds, training: multiplyAdds }),
  epochs: count,
  seconds: v.number(),
  seed: v.number(),
  threads: v.number(),
  peakMemoryBytes: v.number(),
  version: v.string(),
  machine: v.exactOptional(
    v.object({
      ...machineSchema.entries,
      kernels: v.string(),
      wideVectors: v.exactOptional(v.boolean()),
      whyPlain: v.exactOptional(v.string()),
      whyOneThread: v.exactOptional(v.string()),
      whyNarrow: v.exactOptional(v.string()),
    }),
  ),
});

/** The metadata of state.safetensors. */
export const progressSchema: v.GenericSchema<unknown, Progress> = v.object({
  trainer: v.object({
    epoch: count,
    batch: count,
    steps: count,
    sums: v.object({ samples: count, loss: v.number(), hits: count }),
    multiplyAdds,
    lambdas: v.array(v.number()),
    schedules: v.array(v.unknown()),
    policies: v.array(v.unknown()),
  }),
  best: v.nullable(v.object({ epoch: count, score })),
  seconds: v.number(),
  epochSeconds: v.number(),
});
