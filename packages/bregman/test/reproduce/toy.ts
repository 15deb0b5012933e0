import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type Experiment, parseExperiment } from '#lib/reproduce/index.js';
import { workplace } from '../cli/bregman.js';

/** An experiment on the data of a workplace that takes a fraction of a second. */
export function toyInput(data: string): Record<string, unknown> {
  return {
    title: 'A toy',
    shows: 'two λ on noisy quarters',
    source: 'ours',
    duration: 'no time',
    base: {
      data,
      validation: 100,
      batchSize: 32,
      model: { kind: 'mlp', hidden: [16] },
      start: { density: 0.2, gain: 2 },
      optimizer: { learningRate: 0.1, lambda: 0.02 },
    },
    epochs: 3,
    seeds: [0, 1],
    runs: [
      {
        label: 'small λ',
        references: [
          { source: 'somebody', at: 3, values: { 'test accuracy': [0.1, 0.2] } },
          { source: 'somebody', at: 1, values: { density: 0.01 } },
        ],
      },
      { label: 'large λ', set: { 'optimizer.lambda': 0.2 } },
    ],
    quick: { epochs: 1, set: { samples: { train: 300, test: 20 } }, runs: ['small λ'] },
    tables: [
      { title: 'End', columns: [{ metric: 'test accuracy' }, { metric: 'density', at: 1 }] },
    ],
    figures: [
      { kind: 'epochs', name: 'density', caption: 'Density', metric: 'density' },
      {
        kind: 'against',
        name: 'against',
        caption: 'Accuracy',
        x: { metric: 'density' },
        y: { metric: 'test accuracy' },
      },
      { kind: 'layers', name: 'layers', caption: 'Rows', metric: 'rows' },
      {
        kind: 'layers-over-epochs',
        name: 'map',
        caption: 'Rows',
        run: 'large λ',
        metric: 'rows',
      },
    ],
  };
}

/** A workplace, the toy on its data, and that as a file. */
export async function toy(
  t: TestContext,
  changes: Record<string, unknown> = {},
): Promise<{ cwd: string; experiment: Experiment; file: string }> {
  const cwd = await workplace(t);
  const text = JSON.stringify({ ...toyInput(join(cwd, 'data')), ...changes });
  const file = join(cwd, 'toy.json');
  await writeFile(file, text);
  return { cwd, experiment: parseExperiment(JSON.parse(text), file), file };
}
