/** A frozen phase: from its first step on only the weights that live train. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { WasmBackend } from '#lib/backend/index.js';
import { PlainBackend } from '#lib/backend/plain/index.js';
import { buildTrainer, type ConfigInput, resolveConfig, type Trainer } from '#lib/train/index.js';
import { toyConfig, toyData } from './toy.js';

const data = toyData();
const STEPS = 10;
const SAMPLES = 160;

const backends = {
  wasm: () => WasmBackend.create({ threads: 1 }),
  plain: async () => new PlainBackend(),
};

const configurations: Readonly<Record<string, Partial<ConfigInput>>> = {
  'l1, target density': {
    lambdaPolicy: { kind: 'target-density', density: 0.3, everySteps: 2 },
  },
  'adabreg, rows, scheduled λ, sampled gradients': {
    optimizer: {
      method: 'adabreg',
      learningRate: 0.01,
      lambda: 0.1,
      regularizer: { kind: 'group', by: 'rows' },
    },
    start: { density: 0.5, by: 'rows', mask: 'exact', gain: 2 },
    lambdaPolicy: { kind: 'schedule', values: [0.1, 0.12, 0.14, 0.16] },
    gradient: { kind: 'sampled' },
  },
  'sparse groups, discrepancy': {
    optimizer: {
      learningRate: 0.2,
      momentum: 0.9,
      lambda: 0.02,
      regularizer: { kind: 'sparse-group', by: 'columns', mix: 0.5 },
    },
    lambdaPolicy: { kind: 'discrepancy', target: 0.1 },
  },
  proxsgd: { optimizer: { method: 'proxsgd', learningRate: 0.2, lambda: 0.01 } },
};

for (const [backendName, open] of Object.entries(backends))
  describe(`a frozen phase, ${backendName}`, () => {
    for (const [name, changes] of Object.entries(configurations)) {
      test(`${name}: nothing wakes, what lives learns, λ is gone`, async (t) => {
        const backend = await open();
        t.after(() => backend.close());
        const config = resolveConfig(toyConfig({ ...changes, freeze: { epochs: 2 } }));
        const trainer = await buildTrainer(backend, config, data);
        for (let epoch = 0; epoch < 2; epoch++) {
          assert.ok(trainer.lambda > 0);
          await takeEpoch(trainer);
        }
        assert.equal(trainer.lambda, 0);
        let before = await weightsOf(trainer);
        const start = before;
        assert.ok(before.some((x) => x === 0) && before.some((x) => x !== 0));
        const spent = trainer.multiplyAdds().training.used;
        const kept = before.filter((x) => x !== 0).length;
        for (let step = 0; step < STEPS; step++) {
          await trainer.step();
          const after = await weightsOf(trainer);
          assert.ok(after.every((x, i) => x === 0 || before[i] !== 0));
          before = after;
        }
        assert.ok(before.filter((x, i) => x !== start[i]).length > kept / 2);
        assert.ok(Math.hypot(...before.map((x, i) => x - start[i])) < 0.5 * Math.hypot(...start));
        // Forward and the gradient to weights on the support; only the second layer passes a gradient on.
        const first = before.slice(0, 720).filter((x) => x !== 0).length;
        if (before.filter((x) => x !== 0).length === kept) {
          const used = SAMPLES * (2 * first + 3 * (kept - first));
          assert.equal(trainer.multiplyAdds().training.used - spent, used);
        }
        await trainer.endEpoch();
        assert.equal(trainer.lambda, 0);
      });
    }
  });

async function takeEpoch(trainer: Trainer): Promise<void> {
  while (!trainer.isEpochDone) await trainer.step();
  await trainer.endEpoch();
}

/** Of both layers, one after the other. */
async function weightsOf({ network }: Trainer): Promise<number[]> {
  const weights = network.parameters.filter(({ role }) => role === 'weight');
  const values = await Promise.all(weights.map((weight) => network.read(weight)));
  return values.flatMap((each) => [...each]);
}
