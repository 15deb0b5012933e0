import type { Numbers, PlainLayer, PlainSite } from '../../lowering/plain.js';
import type { BatchNorm2dLayer } from './layer.js';

/**
 * z = γ x̂ + β (+ skip), x̂ = (x − mean) / √(variance + ε) by channel; y = z, or max(z, 0).
 * Mean and variance are those of the batch in training, and the running ones in evaluation.
 */
export const batchNorm2dPlain: PlainLayer<BatchNorm2dLayer> = {
  forward({ relu, momentum, epsilon }, site, mode) {
    const [input, skip] = site.inputs;
    const { weight: gamma, bias: beta } = site.parameters;
    const statistics = mode === 'training' ? batchStatistics(site) : runningStatistics(site);
    if (mode === 'training') moveRunning(site, statistics, momentum);
    const xHat = standardized(site, statistics, epsilon);
    const { channelOf } = planesOf(site);
    return Float64Array.from(input.value, (_, i) => {
      const c = channelOf(i);
      const z = gamma[c] * xHat[i] + beta[c] + (skip ? skip.value[i] : 0);
      return relu ? Math.max(z, 0) : z;
    });
  },

  /** dz = g where y > 0; dx = γ / σ (dz − mean of dz − x̂ · mean of dz x̂); the skip connection gets dz. */
  inputGradients({ relu, epsilon }, site, g) {
    const { weight: gamma } = site.parameters;
    const statistics = batchStatistics(site);
    const xHat = standardized(site, statistics, epsilon);
    const dz = behindRelu(relu, site, g);
    const { channelOf } = planesOf(site);
    const meanOfDz = channelMeans(site, (i) => dz[i]);
    const meanOfDzX = channelMeans(site, (i) => dz[i] * xHat[i]);
    const dx = dz.map((dz, i) => {
      const c = channelOf(i);
      const factor = gamma[c] / Math.sqrt(statistics.variance[c] + epsilon);
      return factor * (dz - meanOfDz[c] - xHat[i] * meanOfDzX[c]);
    });
    return site.inputs.length > 1 ? [dx, dz] : [dx];
  },

  /** dγ = Σ dz x̂, dβ = Σ dz. */
  parameterGradients({ relu, epsilon }, site, g) {
    const xHat = standardized(site, batchStatistics(site), epsilon);
    const dz = behindRelu(relu, site, g);
    const { count } = planesOf(site);
    return {
      weight: channelMeans(site, (i) => dz[i] * xHat[i]).map((mean) => mean * count),
      bias: channelMeans(site, (i) => dz[i]).map((mean) => mean * count),
    };
  },
};

interface Statistics {
  readonly mean: Numbers;
  /** Biased: Σ (x − mean)² / n. */
  readonly variance: Numbers;
}

function batchStatistics(site: PlainSite): Statistics {
  const x = site.inputs[0].value;
  const { channelOf } = planesOf(site);
  const mean = channelMeans(site, (i) => x[i]);
  const variance = channelMeans(site, (i) => (x[i] - mean[channelOf(i)]) ** 2);
  return { mean, variance };
}

function runningStatistics({ buffers }: PlainSite): Statistics {
  return { mean: buffers.running_mean, variance: buffers.running_var };
}

/** As PyTorch's: the running variance takes in the unbiased one, Σ (x − mean)² / (n − 1). */
function moveRunning(site: PlainSite, { mean, variance }: Statistics, momentum: number): void {
  const { running_mean, running_var } = site.buffers;
  const { count } = planesOf(site);
  const unbiased = count / Math.max(count - 1, 1);
  for (let c = 0; c < mean.length; c++) {
    running_mean[c] = (1 - momentum) * running_mean[c] + momentum * mean[c];
    running_var[c] = (1 - momentum) * running_var[c] + momentum * unbiased * variance[c];
  }
}

/** x̂. */
function standardized(
  site: PlainSite,
  { mean, variance }: Statistics,
  epsilon: number,
): Float64Array {
  const { channelOf } = planesOf(site);
  return Float64Array.from(site.inputs[0].value, (x, i) => {
    const c = channelOf(i);
    return (x - mean[c]) / Math.sqrt(variance[c] + epsilon);
  });
}

function behindRelu(relu: boolean, { output }: PlainSite, g: Numbers): Float64Array {
  return Float64Array.from(g, (g, i) => (relu && !(output.value[i] > 0) ? 0 : g));
}

/** The mean of f(i) over the places i of every channel. */
function channelMeans(site: PlainSite, f: (i: number) => number): number[] {
  const { channels, count, channelOf } = planesOf(site);
  const sums = Array<number>(channels).fill(0);
  for (let i = 0; i < channels * count; i++) sums[channelOf(i)] += f(i);
  return sums.map((sum) => sum / count);
}

/** The channels, how many numbers of the batch each has, and whose a number is. */
function planesOf({ samples, inputs: [{ shape }] }: PlainSite) {
  const [channels, height, width] = shape;
  const plane = height * width;
  const channelOf = (i: number) => Math.floor(i / plane) % channels;
  return { channels, count: samples * plane, channelOf };
}
