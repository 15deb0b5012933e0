/** The losses, averaged over a batch, as plain TypeScript: the specification of their kernels. */
import type { Numbers } from '../../lowering/plain.js';

/** Of a batch. */
export interface PlainLoss {
  /** Of every sample. */
  readonly losses: readonly number[];
  /** Of every sample 1 where its largest output, the first of equals, is the label's. */
  readonly hits: readonly number[];
  /** Of the mean loss: samples × outputs. */
  readonly gradient: Float64Array;
}

/** −log p[label], p = softmax(logits) = e^logits / Σ e^logits; its gradient is (p − onehot(label)) / samples. */
export function crossEntropy(logits: Numbers, labels: Numbers, samples: number): PlainLoss {
  const classes = logits.length / samples;
  const losses: number[] = [];
  const hits: number[] = [];
  const gradient = new Float64Array(logits.length);
  for (let s = 0; s < samples; s++) {
    const own = Array.from({ length: classes }, (_, c) => logits[s * classes + c]);
    const largest = Math.max(...own);
    const exponentials = own.map((logit) => Math.exp(logit - largest));
    const total = exponentials.reduce((sum, each) => sum + each, 0);
    losses.push(Math.log(total) + largest - own[labels[s]]);
    hits.push(own.indexOf(largest) === labels[s] ? 1 : 0);
    for (const [c, each] of exponentials.entries()) {
      gradient[s * classes + c] = (each / total - (c === labels[s] ? 1 : 0)) / samples;
    }
  }
  return { losses, hits, gradient };
}

/** Σ (y − t)² / outputs; its gradient is 2 (y − t) / outputs / samples. Nothing is a hit. */
export function squaredError(output: Numbers, target: Numbers, samples: number): PlainLoss {
  const size = output.length / samples;
  const errors = Float64Array.from(output, (y, i) => y - target[i]);
  const losses = Array.from({ length: samples }, (_, s) => {
    const own = errors.subarray(s * size, (s + 1) * size);
    return own.reduce((sum, error) => sum + error ** 2, 0) / size;
  });
  return {
    losses,
    hits: losses.map(() => 0),
    gradient: errors.map((error) => (2 * error) / size / samples),
  };
}
