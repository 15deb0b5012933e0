import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { WasmBackend } from '#lib/backend/index.js';
import { PlainBackend } from '#lib/backend/plain/index.js';
import {
  buildTrainer,
  type ConfigInput,
  resolveConfig,
  type Trainer,
  train,
} from '#lib/train/index.js';
import { toyConfig, toyData } from './toy.js';

const data = toyData();

const backends = {
  wasm: () => WasmBackend.create({ threads: 1 }),
  plain: async () => new PlainBackend(),
};

for (const [name, open] of Object.entries(backends))
  describe(`gradient policies, ${name}`, () => {
    async function trainerOf(t: { after(end: () => void): void }, changes: Partial<ConfigInput>) {
      const backend = await open();
      t.after(() => backend.close());
      return buildTrainer(backend, resolveConfig(toyConfig(changes)), data);
    }

    /** Which entries of the first weight are not zero, and its v. */
    async function look(trainer: Trainer) {
      const [weight] = trainer.network.parameters;
      const v = (await trainer.optimizer.state()).get(`${weight.name}.subgradient`)!;
      const values = await trainer.network.read(weight);
      return { isKept: Array.from(values, (x) => x !== 0), v: v.slice() };
    }

    test('between the exact steps of multilevel training, zero weights and their v rest', async (t) => {
      const trainer = await trainerOf(t, { gradient: { kind: 'multilevel', period: 4 } });
      const grew: boolean[] = [];
      for (let step = 0; step < 8; step++) {
        const before = await look(trainer);
        await trainer.step();
        const after = await look(trainer);
        const resting = before.isKept.flatMap((kept, i) => (kept ? [] : [i]));
        const isExact = step % 4 === 0;
        assert.equal(
          resting.every((i) => Object.is(before.v[i], after.v[i])),
          !isExact,
        );
        grew.push(resting.some((i) => after.isKept[i]));
      }
      assert.deepEqual(
        grew.filter((_, step) => step % 4 !== 0),
        [false, false, false, false, false, false],
      );
    });

    for (const gradient of [{ kind: 'multilevel', period: 3 }, { kind: 'sampled' }] as const) {
      test(`${gradient.kind} gradients learn what exact ones do`, async () => {
        const changes = { epochs: 15, batchSize: 48, gradient };
        const result = await train(toyConfig(changes), {
          data,
          threads: 1,
          backend: name as keyof typeof backends,
        });
        result.close();
        assert.ok(result.summary.test!.accuracy! > 0.9, String(result.summary.test!.accuracy));
        assert.ok(result.summary.density.total < 0.9);
      });
    }

    test('a pattern by the kind of layer names its weights alone', async (t) => {
      const trainer = await trainerOf(t, {
        optimizer: {
          groups: [
            { parameters: ['@linear'] },
            { parameters: ['*'], regularizer: { kind: 'none' } },
          ],
        },
      });
      const names = trainer.optimizer.groups.map(({ parameters }) =>
        parameters.map(({ name }) => name),
      );
      assert.deepEqual(names, [
        ['fc1.weight', 'fc2.weight'],
        ['fc1.bias', 'fc2.bias'],
      ]);
      const unknown = { optimizer: { groups: [{ parameters: ['@conv2d'] }] } };
      await assert.rejects(
        trainerOf(t, unknown),
        /groups.0.parameters: @conv2d names no parameter/,
      );
    });
  });
