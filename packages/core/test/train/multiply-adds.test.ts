/** What a run counts, beside a count by hand on a support that does not move. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type ConfigInput, train } from '#lib/train/index.js';
import { toyConfig, toyData } from './toy.js';

const data = toyData();
const WEIGHTS = [36 * 20, 20 * 4];
const SAMPLES = 160;

for (const backend of ['wasm', 'plain'] as const)
  describe(`a run, ${backend}`, () => {
    /** One epoch with a λ that no gradient reaches; the count, and the non-zeros of both layers. */
    async function count(gradient: ConfigInput['gradient'], batchSize: number) {
      const optimizer = { learningRate: 1e-6, lambda: 1 };
      const config = toyConfig({ epochs: 1, optimizer, batchSize, ...(gradient && { gradient }) });
      const { summary, close } = await train(config, { data, threads: 1, backend });
      close();
      const kept = ['fc1', 'fc2'].map((layer, i) =>
        Math.round(summary.density.layers[layer] * WEIGHTS[i]),
      );
      return { ...summary.multiplyAdds, kept };
    }

    test('exact, multilevel and sampled gradients', async () => {
      const all = WEIGHTS[0] + WEIGHTS[1];
      const dense = SAMPLES * (2 * WEIGHTS[0] + 3 * WEIGHTS[1]);

      const exact = await count({ kind: 'exact' }, 16);
      const [first, second] = exact.kept;
      assert.ok(first > 0 && second > 0 && first < WEIGHTS[0]);
      const passes = first + 2 * second;
      assert.deepEqual(exact.inference, { used: first + second, dense: all });
      assert.deepEqual(exact.training, { used: SAMPLES * (passes + all), dense });

      // Ten steps of sixteen, of which the first, fifth and ninth are exact.
      const multilevel = await count({ kind: 'multilevel', period: 4 }, 16);
      assert.deepEqual(multilevel.training, {
        used: SAMPLES * passes + 16 * (3 * all + 7 * (first + second)),
        dense,
      });

      // Eight steps of twenty, each with a block of sixteen.
      const sampled = await count({ kind: 'sampled' }, 20);
      const rest = all - first - second;
      assert.deepEqual(sampled.training, {
        used: SAMPLES * (passes + first + second) + 8 * 16 * rest,
        dense,
      });
    });

    test('dense SGD takes what it takes', async () => {
      const config = toyConfig({
        epochs: 2,
        start: { density: 1, gain: 1 },
        optimizer: { method: 'sgd', learningRate: 0.01, lambda: 0 },
      });
      const { summary, close } = await train(config, { data, threads: 1, backend });
      close();
      assert.equal(summary.multiplyAdds.training.used, summary.multiplyAdds.training.dense);
      assert.equal(summary.density.rows?.fc1, 1);
    });
  });
