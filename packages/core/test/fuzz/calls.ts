/** What is done to a network in a trial, as data. */
import type { GradientScope } from '#lib/graph/index.js';
import { type RandomStream, stream } from '#lib/math/index.js';
import type { RandomNetwork } from './random-network.js';

/** Samples `from` to `from + count − 1` of the order of one of the two input arrays. */
export interface Batch {
  readonly array: 0 | 1;
  readonly from: number;
  readonly count: number;
}

/** How a call is made wrongly. */
const mishaps = [
  'label',
  'sample',
  'count',
  'type',
  'predict',
  'write',
  'block',
  'unloaded',
] as const;

export type Call =
  | { readonly kind: 'evaluate'; readonly batch: Batch }
  | { readonly kind: 'predict'; readonly array: 0 | 1; readonly samples: number }
  | {
      /** With `step`, the optimizer then takes one. */
      readonly kind: 'differentiate' | 'step';
      readonly batch: Batch;
      readonly scope: GradientScope;
      readonly block: number;
    }
  /** Keeps one of the arrays in the backend's memory. */
  | { readonly kind: 'hold'; readonly array: 0 | 1 }
  /** New parameters and statistics. */
  | { readonly kind: 'write'; readonly seed: number; readonly density: number }
  /** A new network on the same backend takes over the state. */
  | { readonly kind: 'resume' }
  /** Back to the state at the start. */
  | { readonly kind: 'restore' }
  | { readonly kind: 'mishap'; readonly what: (typeof mishaps)[number] };

/** Samples of each input array. */
export const SAMPLES = 50;

/** The calls of a trial. Often the batch of the call before comes again. */
export function randomCalls({ seed, options: { batchSize } }: RandomNetwork): Call[] {
  const random = stream(seed, 'calls');
  const { below, bernoulli } = random;
  let batch: Batch | undefined;
  const nextBatch = () => {
    if (batch && bernoulli(0.3)) return batch;
    const count = bernoulli(0.4) ? batchSize : 1 + below(batchSize);
    batch = { array: zeroOrOne(random), from: below(SAMPLES - count + 1), count };
    return batch;
  };
  return Array.from({ length: 2 + below(5) }, () => {
    switch (below(14)) {
      case 0:
      case 1:
        return { kind: 'evaluate', batch: nextBatch() };
      case 2:
      case 3:
        return { kind: 'predict', array: zeroOrOne(random), samples: 1 + below(SAMPLES) };
      case 4:
      case 5:
      case 6:
        return differentiate('differentiate', nextBatch(), random);
      case 7:
      case 8:
      case 9:
        return differentiate('step', nextBatch(), random);
      case 10:
        return { kind: 'hold', array: zeroOrOne(random) };
      case 11:
        return { kind: 'write', seed: below(1000), density: [0, 0.1, 0.5, 1][below(4)] };
      case 12:
        return { kind: bernoulli(0.5) ? 'resume' : 'restore' };
      default:
        return { kind: 'mishap', what: mishaps[below(mishaps.length)] };
    }
  });
}

function differentiate(
  kind: 'differentiate' | 'step',
  batch: Batch,
  { below }: RandomStream,
): Call {
  const scope = (['all', 'all', 'support', 'sampled'] as const)[below(4)];
  return { kind, batch, scope, block: below(Math.ceil(batch.count / 16)) };
}

function zeroOrOne({ below }: RandomStream): 0 | 1 {
  return below(2) as 0 | 1;
}
