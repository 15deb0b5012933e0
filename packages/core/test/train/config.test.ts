import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError, presets, resolveConfig, setByPath } from '#lib/train/index.js';

const model = { kind: 'mlp', hidden: [4] };

/** Configurations that cannot be used, each with the message it earns. */
const wrong: readonly [input: unknown, message: string][] = [
  [
    { model, epochs: 2, schedule: { kind: 'cosine', warmup: 2 } },
    'schedule.warmup: 2 epochs leave nothing of the 2 for the cosine; it must be less',
  ],
  [
    {
      model,
      epochs: 2,
      schedule: { kind: 'warmup', steps: 5, schedule: { kind: 'cosine', warmup: 2 } },
    },
    'schedule.schedule.warmup: 2 epochs leave nothing of the 2 for the cosine; it must be less',
  ],
  [{ model, schedule: { kind: 'warmup', steps: 5 } }, 'schedule.schedule: is missing'],
  [
    { model, schedule: { kind: 'warmup', steps: 5, schedule: { kind: 'warmup' } } },
    'schedule.schedule.kind: "warmup" is not allowed; it must be one of "constant", "step", "cosine", "plateau", "one-cycle"',
  ],
  [
    { model, schedule: { kind: 'warmup', steps: 0.5, schedule: { kind: 'cosine' } } },
    'schedule.steps: 0.5 is not allowed; it must be a whole number from 1 on',
  ],
  [
    { model, schedule: { kind: 'one-cycle', share: 1 } },
    'schedule.share: 1 is not allowed; it must be a number from 0 to below 1',
  ],
  [
    { model, schedule: { kind: 'one-cycle', divide: 0.5 } },
    'schedule.divide: 0.5 is not allowed; it must be a number from 1 on',
  ],
  [null, 'null is not allowed; it must be an object'],
  [{}, 'model: is missing'],
  [{ model: {} }, 'model.kind: is missing'],
  [
    { model: { kind: 'cnn' } },
    'model.kind: "cnn" is not allowed; it must be one of "mlp", "autoencoder", "skip-encoder", "convnet", "resnet18", "resnet20", "resnet34", "resnet50", "vgg16", "densenet", "dense-block", "layers"',
  ],
  [
    { model: { kind: 'mlp', hidden: [0] } },
    'model.hidden.0: 0 is not allowed; it must be a whole number from 1 on',
  ],
  [
    { model, lambdaPolicy: { kind: 'target-density', density: 0.1, rat: 1 } },
    'lambdaPolicy.rat: unknown key; it must be one of the keys kind, density, rate, everySteps, carry, from, budget',
  ],
  [
    { model, start: JSON.parse('{"__proto__": 1}') },
    'start.__proto__: unknown key; it must be one of the keys density, by, mask, gain, bias, groups',
  ],
  [
    { model, start: { constructor: 1 } },
    'start.constructor: unknown key; it must be one of the keys density, by, mask, gain, bias, groups',
  ],
  [
    { model, optimizer: { lambda: Number.NaN } },
    'optimizer.lambda: NaN is not allowed; it must be a number from 0 on',
  ],
  [
    { model, optimizer: { learningRate: '0.1' } },
    'optimizer.learningRate: "0.1" is not allowed; it must be a number above 0',
  ],
  [
    { model, optimizer: { weightDecay: -1 } },
    'optimizer.weightDecay: -1 is not allowed; it must be a number from 0 on',
  ],
  [
    { model, optimizer: { groups: [{ parameters: ['*'], decoupledWeightDecay: '1' }] } },
    'optimizer.groups.0.decoupledWeightDecay: "1" is not allowed; it must be a number from 0 on',
  ],
  [
    { model, optimizer: { nesterov: 1 } },
    'optimizer.nesterov: 1 is not allowed; it must be true or false',
  ],
  [
    { model, optimizer: { lambdaFanIn: 2 } },
    'optimizer.lambdaFanIn: 2 is not allowed; it must be a number from -1 to 1',
  ],
  [
    {
      model,
      lambdaPolicy: { kind: 'target-density', density: 0.1, from: { density: 0, epochs: 3 } },
    },
    'lambdaPolicy.from.density: 0 is not allowed; it must be a number above 0 to 1',
  ],
  [
    { model, lambdaPolicy: { kind: 'target-density', density: 0.1, from: { density: 1 } } },
    'lambdaPolicy.from.epochs: is missing',
  ],
  [
    { model, lambdaPolicy: { kind: 'target-density', density: 0.1, budget: 'ERK' } },
    'lambdaPolicy.budget: "ERK" is not allowed; it must be one of "global", "erk", "uniform"',
  ],
  [{ model, dense: 'fc1.*' }, 'dense: "fc1.*" is not allowed; it must be a list'],
  [
    { model, freeze: { epochs: 0 } },
    'freeze.epochs: 0 is not allowed; it must be a whole number from 1 on',
  ],
  [
    { model, epochs: 5, freeze: { epochs: 5 } },
    'freeze.epochs: 5 leave nothing of the 5 epochs to grow in; it must be less',
  ],
  [{ model, epochs: 1.5 }, 'epochs: 1.5 is not allowed; it must be a whole number from 1 on'],
  [{ model, seed: -1 }, 'seed: -1 is not allowed; it must be a whole number from 0 to 4294967295'],
  [
    { model, lambdaPolicy: { kind: 'target-density', density: 5 } },
    'lambdaPolicy.density: 5 is not allowed; it must be a number above 0 to 1',
  ],
  [
    { model, lambdaPolicy: { kind: 'schedule', values: [] } },
    'lambdaPolicy.values: [] is not allowed; it must be a list of one or more',
  ],
  [{ model, start: { bias: [0] } }, 'start.bias.1: is missing'],
  [
    { model, start: { groups: [{ parameters: ['*'], mask: 'fixed' }] } },
    'start.groups.0.mask: "fixed" is not allowed; it must be one of "bernoulli", "exact"',
  ],
  [{ model, data: 5 }, 'data: 5 is not allowed; it must be a text'],
  [{ model, earlyStop: {} }, 'earlyStop.patience: is missing'],
  [
    { model, task: { kind: 'denoise' } },
    'loss: cross-entropy does not go with the task denoise; it must be "squared-error"',
  ],
  [
    { model, loss: 'squared-error', task: { kind: 'deblur', blur: 0 } },
    'task.blur: 0 is not allowed; it must be a number above 0',
  ],
  [
    { model, loss: 'squared-error', task: { kind: 'denoise' }, augment: { flip: true } },
    'augment: it does not go with the task denoise, whose targets would stay as they are; it must be null',
  ],
  [
    { model, support: { kind: 'rigl', density: 0.1 } },
    'optimizer.method: linbreg does not go with the support rigl; it must be one of "sgd", "adam"',
  ],
  [
    {
      model,
      optimizer: { method: 'adam' },
      support: { kind: 'set', density: 0.1 },
      gradient: { kind: 'multilevel' },
    },
    'gradient: multilevel does not go with the support set, which says itself which gradients it takes; it must be "exact"',
  ],
  [
    {
      model,
      optimizer: { method: 'sgd' },
      support: { kind: 'gmp', density: 0.1 },
      lambdaPolicy: { kind: 'target-density', density: 0.1 },
    },
    'lambdaPolicy: target-density does not go with the support gmp, which reads no λ; it must be "fixed"',
  ],
  [
    {
      model,
      optimizer: { method: 'sgd' },
      support: { kind: 'rigl', density: 0.1 },
      freeze: { epochs: 1 },
    },
    'freeze: it does not go with the support rigl, which says itself how long it changes; it must be null',
  ],
  [{ model, support: { kind: 'rigl' } }, 'support.density: is missing'],
  [
    {
      model,
      optimizer: { lambdaFanIn: 0.25 },
      lambdaPolicy: { kind: 'target-density', density: 0.1, budget: 'erk' },
    },
    'optimizer.lambdaFanIn: 0.25 does not go with lambdaPolicy.budget erk; it must be 0',
  ],
  [
    { model, optimizer: { regularizer: { kind: 'nuclear' } }, freeze: { epochs: 1 } },
    'freeze: the nuclear norm leaves no zeros to freeze; it must be null',
  ],
  [
    { model, epochs: 10, freeze: { epochs: 5, start: 25 } },
    'freeze.start: 25 epochs before the frozen phase leave nothing of the 10 for it; it must be less, or left out',
  ],
  [
    { model, support: { kind: 'rigl', density: 0.1, budget: 'global' } },
    'support.budget: "global" is not allowed; it must be one of "erk", "uniform"',
  ],
  [
    { model, support: { kind: 'rigl', density: 0.1, fraction: 0 } },
    'support.fraction: 0 is not allowed; it must be a number above 0 to 1',
  ],
  [
    { model, average: { decay: 1 } },
    'average.decay: 1 is not allowed; it must be a number from 0 to below 1',
  ],
  [
    { model, average: { everySteps: 0 } },
    'average.everySteps: 0 is not allowed; it must be a whole number from 1 on',
  ],
  [{ model, average: true }, 'average: true is not allowed; it must be an object'],
  [
    { model, labelSmoothing: 1 },
    'labelSmoothing: 1 is not allowed; it must be a number from 0 to below 1',
  ],
  [
    { model, loss: 'squared-error', labelSmoothing: 0.1 },
    'labelSmoothing: the loss squared-error has no labels to smooth; it must be 0',
  ],
  [
    { model, augment: { cutout: -1 } },
    'augment.cutout: -1 is not allowed; it must be a whole number from 0 on',
  ],
  [
    { model, samples: { train: 0 } },
    'samples.train: 0 is not allowed; it must be a whole number from 1 on',
  ],
];

test('each mistake in a configuration earns one line: path, value, what is allowed', () => {
  for (const [input, message] of wrong) {
    assert.throws(
      () => resolveConfig(input, 'c.json'),
      (error) => {
        assert.ok(error instanceof ConfigError);
        assert.equal(error.message, `c.json: ${message}`);
        return true;
      },
    );
  }
});

test('a resolved configuration says everything, and resolves to itself', () => {
  for (const { config } of Object.values(presets)) {
    const resolved = resolveConfig(config);
    assert.ok(resolved.optimizer.groups.length >= 2);
    assert.deepEqual(resolveConfig(JSON.parse(JSON.stringify(resolved))), resolved);
  }
});

test('how long a schedule lasts is written down, behind a warm-up too', () => {
  for (const kind of ['cosine', 'one-cycle'] as const) {
    const warmed = { kind: 'warmup', steps: 5, schedule: { kind } } as const;
    const resolved = resolveConfig({ model, epochs: 7, schedule: warmed });
    const { schedule } = resolveConfig({ ...resolved, epochs: 9 });
    assert.ok(schedule.kind === 'warmup' && schedule.schedule.kind === kind);
    assert.equal(schedule.schedule.epochs, 7);
    const alone = resolveConfig({ model, epochs: 7, schedule: { kind } }).schedule;
    assert.ok(alone.kind === kind);
    assert.equal(alone.epochs, 7);
  }
});

test('setByPath reads JSON where there is JSON, and makes the objects on the way', () => {
  const config = { optimizer: { groups: [{ lambda: 1 }] } };
  setByPath(config, 'optimizer.lambda=0.05');
  setByPath(config, 'optimizer.groups.0.lambda=2');
  setByPath(config, 'model.hidden=[3, 4]');
  setByPath(config, 'data=a=b');
  setByPath(config, 'earlyStop=null');
  assert.deepEqual(config, {
    optimizer: { lambda: 0.05, groups: [{ lambda: 2 }] },
    model: { hidden: [3, 4] },
    data: 'a=b',
    earlyStop: null,
  });
  for (const text of ['', 'lambda', '=1']) {
    assert.throws(() => setByPath({}, text), /write path=value/);
  }
  assert.throws(() => setByPath({ data: 'x' }, 'data.y=1'), /'data' is no object/);
});

test('setByPath touches no prototype', () => {
  const config = { model, optimizer: {} };
  for (const path of ['__proto__.x', 'optimizer.__proto__.lambda', 'constructor.prototype.x']) {
    setByPath(config, `${path}=1`);
  }
  assert.equal(({} as { x?: unknown }).x, undefined);
  assert.equal(Object.getPrototypeOf(config.optimizer), Object.prototype);
  assert.equal((config.optimizer as { lambda?: unknown }).lambda, undefined);
  assert.throws(() => resolveConfig(config), /__proto__: unknown key/);
});
