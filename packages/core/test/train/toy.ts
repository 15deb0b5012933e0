import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type Samples, samples } from '#lib/data/index.js';
import type { Tensor } from '#lib/files/index.js';
import { stream } from '#lib/math/index.js';
import type { ConfigInput, EpochMetrics } from '#lib/train/index.js';

const FEATURES = 36;
const CLASSES = 4;

/** Noise around one pattern a class: quick to learn, and not at once. */
export function toyData(
  count = 200,
  noise = 1,
): { readonly train: Samples; readonly test: Samples } {
  const random = stream(7, 'toy');
  const patterns = Float32Array.from({ length: CLASSES * FEATURES }, () => random.normal());
  const part = (size: number) => {
    const labels = Uint8Array.from({ length: size }, (_, i) => i % CLASSES);
    const inputs = Float32Array.from({ length: size * FEATURES }, (_, i) => {
      const label = labels[Math.floor(i / FEATURES)];
      return patterns[label * FEATURES + (i % FEATURES)] + noise * random.normal();
    });
    return samples(inputs, [1, 6, 6], labels, { classes: CLASSES });
  };
  return { train: part(count), test: part(40) };
}

/** A small network that learns the toy data in a few epochs. */
export function toyConfig(changes: Partial<ConfigInput> = {}): ConfigInput {
  return {
    model: { kind: 'mlp', hidden: [20] },
    validation: 40,
    batchSize: 16,
    epochs: 4,
    start: { density: 0.2, gain: 2 },
    optimizer: { learningRate: 0.2, lambda: 0.02 },
    ...changes,
  };
}

/** A folder that goes when the test does. */
export async function temporaryFolder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'bregman-test-'));
  t.after(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** Tensors down to their bits (−0 is not 0). */
export function bits(tensors: ReadonlyMap<string, Tensor>): Record<string, string> {
  const entries = [...tensors].map(([name, { data }]) => {
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    return [name, bytes.toString('hex')];
  });
  return Object.fromEntries(entries);
}

/** Metrics without what a clock has a say in. */
export function timeless(metrics: readonly EpochMetrics[]): object[] {
  return metrics.map(({ seconds: _, samplesPerSecond: __, ...rest }) => rest);
}
