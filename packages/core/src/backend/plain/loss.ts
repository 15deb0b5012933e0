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

/**
 * −Σ t log p with p = softmax(logits) = e^logits / Σ e^logits and the targets
 * t = (1 − ε) onehot(label) + ε / classes (Szegedy et al. 2016, arXiv 1512.00567); its gradient is (p − t) / samples.
 * As t sums up to 1, this is −log p[label] + ε (logits[label] − mean(logits)).
 *
 * @param smoothing ε from 0, for one-hot targets, to below 1
 */
export function crossEntropy(
  logits: Numbers,
  labels: Numbers,
  samples: number,
  smoothing = 0,
): PlainLoss {
  const classes = logits.length / samples;
  const losses: number[] = [];
  const hits: number[] = [];
  const gradient = new Float64Array(logits.length);
  for (let s = 0; s < samples; s++) {
    const own = Array.from({ length: classes }, (_, c) => logits[s * classes + c]);
    const largest = Math.max(...own);
    const exponentials = own.map((logit) => Math.exp(logit - largest));
    const total = exponentials.reduce((sum, each) => sum + each, 0);
    const lead = own.reduce((sum, each) => sum + own[labels[s]] - each, 0) / classes;
    losses.push(Math.log(total) + largest - own[labels[s]] + smoothing * lead);
    hits.push(own.indexOf(largest) === labels[s] ? 1 : 0);
    for (const [c, each] of exponentials.entries()) {
      const target = (c === labels[s] ? 1 - smoothing : 0) + smoothing / classes;
      gradient[s * classes + c] = (each / total - target) / samples;
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
