/** Charts that need a run's weights, or its data: restored images, connections. */
import { join } from 'node:path';
import { decodeSafetensors, type Tensor, UserError } from '@bregman/core/files';
import { sizeOf } from '@bregman/core/math';
import { buildDescription, type Config, describeModel, Model } from '@bregman/core/train';
import type { Dataset } from '../data/index.js';
import { readBytes } from '../files/index.js';
import type { Chart, ImageChart, Picture } from '../plot/index.js';
import { loadTrainingData, runFiles } from '../runs/index.js';
import { connectionsOf } from './connections.js';
import type { Outcome, RunOutcomes } from './outcome.js';

/**
 * Of each run's first seed: corrupted, restored and clean images of the test set.
 *
 * @param warn called with a line for each run whose weights or data cannot be read
 * @throws {UserError} nothing is left to show
 */
export async function imagesChart(
  shown: readonly RunOutcomes[],
  count: number,
  warn: (warning: string) => void,
): Promise<Chart> {
  const rows: ImageChart['rows'][number][] = [];
  for (const { outcomes } of shown) {
    const { label, seed } = outcomes[0].run;
    try {
      rows.push(...(await imageRows(outcomes[0], count)));
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      warn(`${label}, seed ${seed} is left out: ${error.message}`);
    }
  }
  if (rows.length === 0) throw new UserError('no run has images to show');
  return { kind: 'images', rows };
}

async function imageRows(outcome: Outcome, count: number): Promise<ImageChart['rows']> {
  const config = configOf(outcome);
  if (!config?.task) return [];
  const data = await testData(config);
  const { inputs, shape, targets } = data.test;
  if (targets.kind !== 'values' || !(inputs instanceof Float32Array)) return [];
  const restored = await restore(outcome, config, data, count);
  const { label, seed } = outcome.run;
  return [
    { name: `${label}, seed ${seed}: corrupted`, images: pictures(inputs, shape, count) },
    { name: 'restored', images: pictures(restored, shape, count) },
    { name: 'clean', images: pictures(targets.values, shape, count) },
  ];
}

/** What the run's network makes of the first test samples. */
async function restore(
  outcome: Outcome,
  config: Config,
  data: Dataset,
  count: number,
): Promise<Float32Array> {
  const { inputs, shape } = data.test;
  const description = describeModel(config, data);
  const model = await Model.create(description, await weightsOf(outcome), { threads: 1 });
  try {
    return await model.predict(inputs.slice(0, count * sizeOf(shape)));
  } finally {
    model.close();
  }
}

/** Which earlier layers each layer of a run reads. */
export async function connectionsChart(outcome: Outcome): Promise<Chart> {
  const config = configOf(outcome)!;
  const { test } = await testData(config);
  const found = connectionsOf(buildDescription(config, test), await weightsOf(outcome));
  return {
    kind: 'heatmap',
    x: { label: `reads (${found.sources.map((name, i) => `${i}: ${name}`).join(', ')})` },
    rows: found.readers,
    columns: found.sources.map((_, i) => i),
    values: found.strengths,
    value:
      found.measure === 'kernels' ? { label: 'kernels kept', percent: true } : { label: '|s|' },
  };
}

/** Mean squared difference of the corrupted test images from the clean ones; undefined without a task. */
export async function inputLoss(config: Config): Promise<number | undefined> {
  if (!config.task) return undefined;
  const { inputs, targets } = (await testData(config)).test;
  if (targets.kind !== 'values') return undefined;
  let sum = 0;
  for (let i = 0; i < inputs.length; i++) sum += (inputs[i] - targets.values[i]) ** 2;
  return sum / inputs.length;
}

/** The configuration of a training. */
export function configOf({ run }: Outcome): Config | undefined {
  return run.work.kind === 'training' ? run.work.config : undefined;
}

/** The data with one training sample: the test samples do not depend on their number. */
function testData(config: Config): Promise<Dataset> {
  return loadTrainingData({ ...config, samples: { ...config.samples, train: 1 } });
}

async function weightsOf({ run }: Outcome): Promise<ReadonlyMap<string, Tensor>> {
  const file = join(run.path, runFiles.last);
  return decodeSafetensors(await readBytes(file), file).tensors;
}

/** The first images as pictures, cut off at 0 and 1, colours innermost. */
function pictures(values: Float32Array, shape: readonly number[], count: number): Picture[] {
  const [channels, height, width] = shape;
  const size = sizeOf(shape);
  const plane = height * width;
  const isColour = channels === 3;
  const shownChannels = isColour ? 3 : 1;
  return Array.from({ length: Math.min(count, values.length / size) }, (_, image) => ({
    width,
    height,
    channels: shownChannels,
    data: Float32Array.from({ length: shownChannels * plane }, (_, i) => {
      const from = (i % shownChannels) * plane + Math.floor(i / shownChannels);
      return Math.min(1, Math.max(0, values[image * size + from]));
    }),
  }));
}
