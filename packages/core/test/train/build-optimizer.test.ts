/** What a configuration's optimizer may not ask for, and what becomes of it otherwise. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PlainBackend } from '#lib/backend/plain/index.js';
import {
  buildTrainer,
  ConfigError,
  type ConfigInput,
  resolveConfig,
  type Trainer,
} from '#lib/train/index.js';
import { toyConfig, toyData } from './toy.js';

const data = toyData();

async function trainerOf(changes: Partial<ConfigInput>) {
  return buildTrainer(new PlainBackend(), resolveConfig(toyConfig(changes)), data);
}

/** Configurations that no trainer can be built of, each with the message it earns. */
const wrong: readonly [changes: Partial<ConfigInput>, message: string][] = [
  [
    { optimizer: { nesterov: true } },
    'optimizer.nesterov: it needs a momentum above 0, such as 0.9',
  ],
  [
    {
      optimizer: {
        nesterov: true,
        momentum: 0.9,
        groups: [{ parameters: ['@weight'] }, { parameters: ['*'], momentum: 0 }],
      },
    },
    'optimizer.groups.1.nesterov: it needs a momentum above 0, such as 0.9',
  ],
  [
    { optimizer: { method: 'adabreg', nesterov: true } },
    'optimizer.nesterov: adabreg has no momentum; it must be false, or the method one of linbreg, sgd, lasso',
  ],
  [
    { dense: ['fc1', 'fc9.*'] },
    'dense.0: fc1 names no weight; the network has fc1.weight, fc2.weight',
  ],
  [
    { lambdaPolicy: { kind: 'target-density', density: 0.002, budget: 'uniform' } },
    'lambdaPolicy: density 0.002 leaves none of the 80 weights of fc2.weight; it must be higher, or the layer be dense',
  ],
  [
    {
      lambdaPolicy: {
        kind: 'target-density',
        density: 0.5,
        budget: 'uniform',
        from: { density: 0.002, epochs: 1 },
      },
    },
    'lambdaPolicy: density 0.002 leaves none of the 80 weights of fc2.weight; it must be higher, or the layer be dense',
  ],
  [
    {
      optimizer: { method: 'sgd' },
      lambdaPolicy: { kind: 'schedule', values: [0.1, 0.2], carry: true },
    },
    'lambdaPolicy: scheduled needs linbreg or adabreg with a regularizer, not sgd with l1',
  ],
];

for (const [changes, message] of wrong) {
  test(`refused: ${message}`, async () => {
    await assert.rejects(trainerOf(changes), (error) => {
      assert.ok(error instanceof ConfigError);
      assert.equal(error.message, message);
      return true;
    });
  });
}

const nonZeros = ({ network }: Trainer) =>
  network.parameters
    .filter(({ role }) => role === 'weight')
    .map((weight) => network.nonZeros(weight));

async function trained(trainer: Trainer, epochs: number): Promise<Trainer> {
  for (let epoch = 0; epoch < epochs; epoch++) {
    while (!trainer.isEpochDone) await trainer.step();
    await trainer.endEpoch();
  }
  return trainer;
}

test('budgets: each layer comes to its own share, by a λ of its own', async () => {
  const policy = { kind: 'target-density', density: 0.2, rate: 1, everySteps: 1 } as const;
  // 160 of 800 weights; by ERK 56 and 24 of 80 dimensions ask for 112 and 48.
  for (const [budget, expected] of [
    ['uniform', [144, 16]],
    ['erk', [112, 48]],
  ] as const) {
    const trainer = await trained(await trainerOf({ lambdaPolicy: { ...policy, budget } }), 4);
    const counts = nonZeros(trainer);
    // λ is one step behind.
    for (const [i, count] of counts.entries()) {
      assert.ok(Math.abs(count - expected[i]) <= 0.15 * expected[i], `${budget}: ${counts}`);
    }
    const { lambdas } = trainer.state();
    assert.equal(lambdas.length, 3);
    assert.notEqual(lambdas[0], lambdas[1]);
    const mean = (720 * lambdas[0] + 80 * lambdas[1]) / 800;
    assert.ok(Math.abs(trainer.lambda / mean - 1) < 1e-12);
  }
});

test('λ by fan-in: the same number scales for all layers, and acts in the prox', async () => {
  const optimizer = { learningRate: 1e-9, lambda: 0.1, lambdaFanIn: -0.5 };
  const trainer = await trainerOf({ optimizer, start: { density: 1, gain: 2 } });
  const before = await trainer.network.read(trainer.network.parameters[0]);
  const [group] = trainer.optimizer.groups;
  const state = await trainer.optimizer.state();
  const mean = (36 * 720 + 20 * 80) / 800;
  const excess = (name: string, theta: Float32Array) => {
    const v = state.get(`${name}.subgradient`)!;
    return Math.abs(v[0]) - Math.abs(theta[0]);
  };
  const own = 0.1 * (36 / mean) ** -0.5;
  assert.ok(Math.abs(excess('fc1.weight', before) - own) < 1e-5);
  const second = trainer.network.parameters.find(({ name }) => name === 'fc2.weight')!;
  const ownOfSecond = 0.1 * (20 / mean) ** -0.5;
  assert.ok(
    Math.abs(excess('fc2.weight', await trainer.network.read(second)) - ownOfSecond) < 1e-5,
  );
  // A step that moves nothing leaves θ: the prox has the same λ as the start.
  await trainer.step();
  const after = await trainer.network.read(trainer.network.parameters[0]);
  assert.ok(after.every((x, i) => Math.abs(x - before[i]) < 1e-5));
  // At a λ between the two layers' own thresholds one of them is empty.
  const units = await trainer.optimizer.view(group).units();
  assert.equal(units.length, 2);
});

test('dense layers begin with all their weights, keep them, and have no λ', async () => {
  const trainer = await trainerOf({
    dense: ['fc2.*'],
    optimizer: { learningRate: 0.2, lambda: 10 },
  });
  assert.equal(nonZeros(trainer)[1], 80);
  assert.deepEqual(
    trainer.optimizer.groups.map(({ regularizer, parameters }) => [
      regularizer.name,
      ...parameters.map(({ name }) => name),
    ]),
    [
      ['l1', 'fc1.weight'],
      ['none', 'fc2.weight'],
      ['none', 'fc1.bias', 'fc2.bias'],
    ],
  );
  await trained(trainer, 1);
  const counts = nonZeros(trainer);
  assert.ok(counts[0] < 720 && counts[1] === 80, `${counts}`);
});
