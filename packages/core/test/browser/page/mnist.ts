/** Trains a preset on MNIST and says what came out: the same in a page and in Node. */
import type * as Core from '@bregman/core';

export interface Wish {
  readonly epochs: number;
  readonly threads: number;
  readonly build: 'simd' | 'relaxed';
}

export interface Found {
  readonly accuracy: number;
  readonly threads: number;
  readonly whyOneThread: string | undefined;
  readonly kernels: string | undefined;
  /** Of all weights: equal where they are, to the bit. */
  readonly weights: string;
  /** What the network answers to the first test images. */
  readonly predictions: string;
  readonly epochs: number;
  readonly samplesPerSecond: number;
}

/** One of MNIST's four files. */
type ReadFile = (name: string) => Promise<Uint8Array>;

export async function loadMnist(
  { decodeIdx, samples }: typeof Core,
  readFile: ReadFile,
): Promise<Core.TrainingData & { readonly test: Core.Samples }> {
  const part = async (name: string) => {
    const images = decodeIdx(await readFile(`${name}-images-idx3-ubyte`), name, 3);
    const labels = decodeIdx(await readFile(`${name}-labels-idx1-ubyte`), name, 1);
    return samples(images.data, [1, 28, 28], labels.data, { classes: 10 });
  };
  return { train: await part('train'), test: await part('t10k'), mean: [0.1307], std: [0.3081] };
}

export async function trainMnist(
  { encodeSafetensors, presets, train }: typeof Core,
  data: Awaited<ReturnType<typeof loadMnist>>,
  { epochs, threads, build }: Wish,
): Promise<Found> {
  let seen = 0;
  const config = { ...presets['mnist-mlp'].config, epochs };
  const result = await train(config, { data, threads, build, onEpoch: () => seen++ });
  const { summary, network, metrics } = result;
  const answers = await network.predict(data.test.inputs.slice(0, 100 * 784));
  result.close();
  return {
    accuracy: summary.test!.accuracy!,
    threads: summary.threads,
    whyOneThread: summary.machine?.whyOneThread,
    kernels: summary.machine?.kernels,
    weights: await hashOf(encodeSafetensors(result.weights)),
    predictions: await hashOf(new Uint8Array(answers.slice().buffer)),
    epochs: seen,
    samplesPerSecond: metrics.reduce((sum, each) => sum + each.samplesPerSecond, 0) / seen,
  };
}

async function hashOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', bytes);
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
