/** Training on a support: which weights live, when, and what it takes. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { WasmBackend } from '#lib/backend/index.js';
import { PlainBackend } from '#lib/backend/plain/index.js';
import type { Parameter } from '#lib/graph/index.js';
import { shareWeights } from '#lib/optim/index.js';
import {
  buildTrainer,
  ConfigError,
  type ConfigInput,
  resolveConfig,
  type Trainer,
  train,
} from '#lib/train/index.js';
import { bits, toyConfig, toyData } from './toy.js';

const data = toyData();
/** 36 inputs, 20 and 4 neurons; 160 samples are ten steps an epoch. */
const WEIGHTS = [36 * 20, 20 * 4];

type Support = NonNullable<ConfigInput['support']>;
type Kind = Support['kind'];

/** The toy on a support, by SGD with momentum unless told. */
function supported(support: Support, changes: Partial<ConfigInput> = {}): ConfigInput {
  const optimizer = { method: 'sgd', learningRate: 0.1, momentum: 0.9 } as const;
  return toyConfig({ optimizer, schedule: { kind: 'constant' }, support, ...changes });
}

/** A network with convolutions, batch norm and a skip connection. */
const convolutional: ConfigInput['model'] = {
  kind: 'layers',
  layers: [
    { name: 'conv1', layer: { kind: 'conv2d', channels: 6, size: 3, padding: 1, bias: false } },
    { name: 'bn1', layer: { kind: 'batch-norm2d', relu: true } },
    { name: 'conv2', layer: { kind: 'conv2d', channels: 6, size: 3, padding: 1, bias: false } },
    { name: 'bn2', layer: { kind: 'batch-norm2d', relu: true }, inputs: ['conv2', 'bn1'] },
    { name: 'pool', layer: { kind: 'average-pool2d', size: 'global' } },
    { name: 'flat', layer: { kind: 'flatten' } },
    { name: 'fc', layer: { kind: 'linear', outputs: 4 } },
  ],
};

const backends = {
  wasm: (threads: number) => WasmBackend.create({ threads }),
  plain: async () => new PlainBackend(),
};

interface Closing {
  after(end: () => void): void;
}

async function trainerOf(
  t: Closing,
  config: ConfigInput,
  name: keyof typeof backends = 'wasm',
  threads = 1,
): Promise<Trainer> {
  const backend = await backends[name](threads);
  t.after(() => backend.close());
  return buildTrainer(backend, resolveConfig(config), data);
}

const isWeight = ({ role }: Parameter) => role === 'weight';

/** Weights and moments by name. */
async function look({ network, optimizer }: Trainer) {
  const weights = network.parameters.filter(isWeight);
  const state = await optimizer.state();
  return Promise.all(
    weights.map(async (weight) => ({
      name: weight.name,
      theta: await network.read(weight),
      moment: state.get(`${weight.name}.moment1`)?.slice() ?? new Float32Array(),
      counted: network.nonZeros(weight),
    })),
  );
}

async function takeStep(trainer: Trainer): Promise<void> {
  await trainer.step();
  if (trainer.isEpochDone) await trainer.endEpoch();
}

const count = (theta: Float32Array) => theta.filter((x) => x !== 0).length;

for (const name of ['wasm', 'plain'] as const)
  describe(`training on a support, ${name}`, () => {
    test('the number of live weights of every layer is exact after every step', async () => {
      const cases = fc.record({
        kind: fc.constantFrom<Kind>('static', 'set', 'rigl'),
        density: fc.constantFrom(0.1, 0.37),
        budget: fc.constantFrom('erk', 'uniform'),
        dense: fc.constantFrom([], ['@linear']),
        method: fc.constantFrom('sgd', 'adam'),
        momentum: fc.constantFrom(0, 0.9),
        everySteps: fc.integer({ min: 1, max: 3 }),
        seed: fc.nat({ max: 1000 }),
      });
      await fc.assert(
        fc.asyncProperty(
          cases,
          async ({ kind, density, budget, dense, everySteps, seed, ...method }) => {
            const changes = kind === 'static' ? {} : { everySteps, fraction: 0.5 };
            const support = { kind, density, budget, ...changes } as Support;
            const ends: (() => void)[] = [];
            const trainer = await trainerOf(
              { after: (end) => ends.push(end) },
              supported(support, {
                model: convolutional,
                epochs: 1,
                seed,
                dense,
                optimizer: { ...method, learningRate: 0.01 },
              }),
              name,
            );
            const weights = trainer.network.parameters.filter(isWeight);
            const layers = weights.map(({ name, shape, kind }) => ({
              name,
              shape,
              isDense: dense.length > 0 && kind === 'linear',
            }));
            const expected = shareWeights(layers, density, budget as 'erk');
            for (let step = 0; step <= 8; step++) {
              if (step > 0) await trainer.step();
              const found = await look(trainer);
              assert.deepEqual(
                found.map(({ theta }) => count(theta)),
                expected,
              );
              assert.deepEqual(
                found.map(({ counted }) => counted),
                expected,
              );
              for (const { theta, moment } of found) {
                assert.ok(moment.every((m, i) => m === 0 || theta[i] !== 0));
              }
            }
            for (const end of ends) end();
          },
        ),
        { numRuns: name === 'wasm' ? 12 : 4 },
      );
    });

    test('RigL: a step that grows moves nothing, and grows where the exact gradient is largest', async (t) => {
      const support = {
        kind: 'rigl',
        density: 0.1,
        everySteps: 3,
        fraction: 0.5,
        until: 1,
      } as const;
      const trainer = await trainerOf(t, supported(support), name);
      for (let step = 0; step < 10; step++) {
        const before = await look(trainer);
        const biases = await Promise.all(
          trainer.network.parameters
            .filter((p) => !isWeight(p))
            .map((p) => trainer.network.read(p)),
        );
        await trainer.step();
        const after = await look(trainer);
        const grows = step > 0 && step % 3 === 0;
        for (const [k, { name, theta }] of after.entries()) {
          const old = before[k].theta;
          const born = [...theta.keys()].filter((i) => old[i] === 0 && theta[i] !== 0);
          if (!grows) {
            assert.deepEqual(born, []);
            continue;
          }
          const isSame = [...theta.keys()].filter((i) => theta[i] !== 0 && old[i] !== 0);
          for (const i of isSame) assert.equal(theta[i], old[i]);
          const weight = trainer.network.parameters.find((each) => each.name === name)!;
          const gradient = await trainer.network.readGradient(weight);
          const resting = [...theta.keys()].filter((i) => theta[i] === 0);
          const least = Math.min(...born.map((i) => Math.abs(gradient[i])));
          assert.ok(born.length > 0);
          assert.ok(resting.every((i) => Math.abs(gradient[i]) <= least));
        }
        if (!grows) continue;
        const left = await Promise.all(
          trainer.network.parameters
            .filter((p) => !isWeight(p))
            .map((p) => trainer.network.read(p)),
        );
        assert.deepEqual(left, biases);
      }
    });

    test('multiply-adds: gradients of resting weights in the steps that grow, and in no others', async () => {
      const worked = async (support: Support) => {
        const config = supported(support, { epochs: 1 });
        const { summary, close } = await train(config, { data, threads: 1, backend: name });
        close();
        return summary.multiplyAdds;
      };
      const kept = shareWeights(
        [
          { name: 'fc1', shape: [20, 36] },
          { name: 'fc2', shape: [4, 20] },
        ],
        0.1,
        'erk',
      );
      const samples = 160;
      const dense = samples * (2 * WEIGHTS[0] + 3 * WEIGHTS[1]);
      const onSupport = samples * (2 * kept[0] + 3 * kept[1]);
      const options = { density: 0.1, everySteps: 3 } as const;
      assert.deepEqual((await worked({ kind: 'static', density: 0.1 })).training, {
        used: onSupport,
        dense,
      });
      assert.deepEqual((await worked({ kind: 'set', ...options })).training, {
        used: onSupport,
        dense,
      });
      // Of ten steps of sixteen samples the fourth and the seventh grow.
      const resting = WEIGHTS[0] + WEIGHTS[1] - kept[0] - kept[1];
      const rigl = await worked({ kind: 'rigl', ...options });
      assert.deepEqual(rigl.training, { used: onSupport + 2 * 16 * resting, dense });
      assert.deepEqual(rigl.inference, {
        used: kept[0] + kept[1],
        dense: WEIGHTS[0] + WEIGHTS[1],
      });
    });

    test('each of them learns, and GMP ends at its density', async () => {
      for (const kind of ['static', 'set', 'rigl', 'gmp'] as const) {
        const times = kind === 'static' ? {} : { everySteps: 5 };
        const config = supported({ kind, density: 0.2, ...times } as Support, { epochs: 10 });
        const { summary, close } = await train(config, { data, threads: 1, backend: name });
        close();
        assert.ok(summary.test!.accuracy! > 0.85, `${kind}: ${summary.test!.accuracy}`);
        assert.equal(summary.density.total, 0.2, kind);
      }
    });
  });

const changing: Support[] = [
  { kind: 'set', density: 0.15, everySteps: 2, fraction: 0.4 },
  { kind: 'rigl', density: 0.15, everySteps: 2, fraction: 0.4 },
  { kind: 'gmp', density: 0.15, everySteps: 2 },
  { kind: 'gmp', density: 0.15, everySteps: 2, budget: 'global', from: 0.6 },
];

for (const support of changing) {
  const name = `${support.kind}${'budget' in support ? `, ${support.budget}` : ''}`;

  test(`${name}: the same bits on one thread and on two`, async () => {
    const weights = await Promise.all(
      [1, 2].map(async (threads) => {
        const config = supported(support, { epochs: 2, model: convolutional });
        const result = await train(config, { data, threads });
        result.close();
        return bits(result.weights);
      }),
    );
    assert.deepEqual(weights[0], weights[1]);
  });

  test(`${name}: both backends choose the same weights`, async (t) => {
    const config = supported(support, { model: convolutional, epochs: 1 });
    const [wasm, plain] = await Promise.all([
      trainerOf(t, config, 'wasm'),
      trainerOf(t, config, 'plain'),
    ]);
    for (let step = 0; step < 8; step++) {
      await Promise.all([wasm.step(), plain.step()]);
      const [a, b] = await Promise.all([look(wasm), look(plain)]);
      for (const [i, { name, theta }] of a.entries()) {
        assert.deepEqual(
          [...theta].map((x) => x !== 0),
          [...b[i].theta].map((x) => x !== 0),
          name,
        );
        for (const [j, x] of theta.entries()) assert.ok(Math.abs(x - b[i].theta[j]) < 1e-3);
      }
    }
  });

  test(`${name}: restored to the bit, before, in and after a change`, async (t) => {
    const config = supported(support, { epochs: 2 });
    const straight = await trainerOf(t, config);
    const saved = [];
    for (let step = 0; step < 16; step++) {
      saved.push({
        state: JSON.parse(JSON.stringify(straight.state())),
        tensors: new Map([...(await straight.weights()), ...(await straight.optimizerState())]),
      });
      await takeStep(straight);
    }
    const end = bits(await straight.weights());
    for (const from of [3, 4, 5, 6]) {
      const resumed = await trainerOf(t, config);
      await resumed.restore(saved[from].state, saved[from].tensors);
      for (let step = from; step < 16; step++) await takeStep(resumed);
      assert.deepEqual(bits(await resumed.weights()), end, `from step ${from}`);
    }
  });
}

/** The same object, whose methods of these names answer later. */
function later<T extends object>(target: T, names: readonly string[]): T {
  return new Proxy(target, {
    get(target, key) {
      const own: unknown = Reflect.get(target, key);
      if (typeof own !== 'function') return own;
      const method = own.bind(target);
      if (key === 'stepper') return (groups: unknown) => later(method(groups), ['read']);
      return names.includes(String(key)) ? async (...args: unknown[]) => method(...args) : method;
    },
  });
}

test('a backend that answers later comes to the same bits', async () => {
  const plain = new PlainBackend();
  const slow = Object.assign(Object.create(plain), {
    compile: (...args: Parameters<typeof plain.compile>) =>
      later(plain.compile(...args), ['differentiate', 'evaluate', 'read', 'readGradient']),
  });
  for (const support of changing) {
    const config = resolveConfig(supported(support, { epochs: 1 }));
    const weights = [];
    for (const backend of [plain, slow]) {
      const trainer = await buildTrainer(backend, config, data);
      for (let step = 0; step < 8; step++) {
        const result = trainer.step();
        assert.equal(result instanceof Promise, backend === slow);
        await result;
      }
      weights.push(bits(await trainer.weights()));
    }
    assert.deepEqual(weights[1], weights[0]);
  }
});

test('the start has exact numbers of weights, and outputs as large as a dense one', async (t) => {
  const model = { kind: 'mlp', hidden: [400, 400] } as const;
  for (const density of [0.05, 1]) {
    const support = { kind: 'static', density, budget: 'uniform' } as const;
    const trainer = await trainerOf(t, supported(support, { model }));
    for (const { theta } of await look(trainer)) {
      const live = theta.filter((x) => x !== 0);
      assert.equal(live.length, Math.round(density * theta.length));
    }
    const [, second] = await look(trainer);
    const squares = second.theta.reduce((sum, x) => sum + x * x, 0);
    // Of 400 inputs, 2 / 400 each: He's variance, whatever the density. 8000 weights or more: within 10 %.
    assert.ok(Math.abs(squares / 400 - 2) < 0.2, String(squares / 400));
  }
});

test('a density that the network cannot have', async (t) => {
  const support: Support = { kind: 'set', density: 0.001, budget: 'uniform' };
  await assert.rejects(trainerOf(t, supported(support)), (error) => {
    assert.ok(error instanceof ConfigError);
    assert.equal(
      error.message,
      'support: density 0.001 leaves none of the 80 weights of fc2.weight; it must be higher, or the layer be dense',
    );
    return true;
  });
});
