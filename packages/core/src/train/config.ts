import { defaultBreakEven } from '../lowering/support.js';
import { imageModelNames } from '../models/index.js';
import { ConfigError } from '../schema/config-error.js';
import {
  either,
  type Input,
  list,
  listOf,
  literal,
  nullable,
  number,
  type Output,
  object,
  oneOf,
  optional,
  pair,
  text,
  truth,
  validate,
  variant,
  whole,
  withDefault,
} from '../schema/index.js';

/*
 * The configuration of a training run, as it stands in config.json. Each schema fills in what is
 * left out, so that a validated configuration says everything.
 */

const groupAxis = oneOf(['rows', 'columns', 'kernels', 'filters']);

const regularizer = variant([
  object({ kind: oneOf(['none', 'l1', 'nonnegative-l1', 'nuclear']) }),
  object({ kind: literal('group'), by: groupAxis }),
  object({
    kind: literal('sparse-group'),
    by: groupAxis,
    mix: number(0, 1, { open: true }),
  }),
]);

const schedule = variant([
  object({ kind: literal('constant') }),
  object({
    kind: literal('step'),
    every: whole(1),
    factor: withDefault(number(0, 1, { open: true }), 0.1),
  }),
  object({
    kind: literal('cosine'),
    epochs: optional(whole(1)),
    warmup: withDefault(whole(0), 0),
    minRate: withDefault(number(0), 0),
  }),
  object({
    kind: literal('plateau'),
    factor: withDefault(number(0, 1, { open: true }), 0.5),
    patience: withDefault(whole(0), 5),
    threshold: withDefault(number(0, 1), 0.01),
    cooldown: withDefault(whole(0), 0),
    minRate: withDefault(number(0), 0),
  }),
]);

const lambdaPolicy = variant([
  object({ kind: literal('fixed') }),
  object({
    kind: literal('schedule'),
    values: listOf(number(0)),
  }),
  object({
    kind: literal('discrepancy'),
    target: number(0, 1),
    increment: withDefault(number(0, Infinity, { open: true }), 0.05),
    warmup: withDefault(whole(0), 0),
    cooldown: withDefault(whole(0), 0),
  }),
  object({
    kind: literal('target-density'),
    density: number(0, 1, { open: true }),
    rate: withDefault(number(0, 1, { open: true }), 0.15),
    everySteps: withDefault(whole(1), 10),
  }),
]);

/** What a parameter group may set for itself; the optimizer's own settings hold for the rest. */
const hyperparameters = {
  learningRate: number(0, Infinity, { open: true }),
  lambda: number(0),
  delta: number(0, Infinity, { open: true }),
  momentum: number(0, 0.999999),
  beta1: number(0, 0.999999),
  beta2: number(0, 0.999999),
  epsilon: number(0, Infinity, { open: true }),
};

const group = object({
  parameters: listOf(text),
  learningRate: optional(hyperparameters.learningRate),
  lambda: optional(hyperparameters.lambda),
  delta: optional(hyperparameters.delta),
  momentum: optional(hyperparameters.momentum),
  beta1: optional(hyperparameters.beta1),
  beta2: optional(hyperparameters.beta2),
  epsilon: optional(hyperparameters.epsilon),
  regularizer: optional(regularizer),
});

const optimizer = object({
  method: withDefault(oneOf(['linbreg', 'adabreg', 'proxsgd', 'sgd', 'adam', 'lasso']), 'linbreg'),
  learningRate: withDefault(hyperparameters.learningRate, 0.1),
  lambda: withDefault(hyperparameters.lambda, 0.1),
  delta: withDefault(hyperparameters.delta, 1),
  momentum: withDefault(hyperparameters.momentum, 0),
  beta1: withDefault(hyperparameters.beta1, 0.9),
  beta2: withDefault(hyperparameters.beta2, 0.999),
  epsilon: withDefault(hyperparameters.epsilon, 1e-8),
  regularizer: withDefault(regularizer, { kind: 'l1' }),
  // The first group that names a parameter has it; `*` stands for any text.
  groups: withDefault(listOf(group), [
    { parameters: ['@weight'] },
    { parameters: ['*'], regularizer: { kind: 'none' } },
  ]),
});

const unit = oneOf(['entries', 'rows', 'columns', 'kernels', 'filters']);
const mask = oneOf(['bernoulli', 'exact']);
const biasRange = pair(number());

const start = object({
  density: withDefault(number(0, 1, { open: true }), 0.01),
  by: withDefault(unit, 'entries'),
  mask: withDefault(mask, 'bernoulli'),
  gain: withDefault(number(0, Infinity, { open: true }), 7),
  bias: withDefault(biasRange, [0, 1]),
  // The first group that names a parameter has it, as with the optimizer's.
  groups: withDefault(
    list(
      object({
        parameters: listOf(text),
        // 0: all begin at zero, as skip connections may.
        density: optional(number(0, 1)),
        by: optional(unit),
        mask: optional(mask),
        gain: optional(number(0, Infinity, { open: true })),
        bias: optional(biasRange),
      }),
    ),
    [],
  ),
});

const gradient = variant([
  // Of every weight in every step.
  object({ kind: literal('exact') }),
  // Of every weight in each `period`-th step; between them only non-zero weights move.
  object({ kind: literal('multilevel'), period: withDefault(whole(2), 10) }),
  // Of zero weights from one block of sixteen samples, drawn anew each step.
  object({ kind: literal('sampled') }),
]);

const layer = variant([
  object({
    kind: literal('linear'),
    outputs: whole(1),
    bias: withDefault(truth, true),
  }),
  object({
    kind: literal('conv2d'),
    channels: whole(1),
    size: whole(1),
    stride: withDefault(whole(1), 1),
    padding: withDefault(whole(0), 0),
    bias: withDefault(truth, true),
  }),
  object({
    kind: literal('batch-norm2d'),
    relu: withDefault(truth, false),
    momentum: withDefault(number(0, 1), 0.1),
    epsilon: withDefault(number(0, Infinity, { open: true }), 1e-5),
  }),
  object({
    kind: oneOf(['max-pool2d', 'average-pool2d']),
    size: either(whole(1), literal('global')),
    stride: optional(whole(1)),
    padding: withDefault(whole(0), 0),
  }),
  object({ kind: literal('add'), scaled: withDefault(truth, false) }),
  object({ kind: oneOf(['relu', 'sigmoid', 'tanh', 'concatenate', 'flatten']) }),
  object({
    kind: literal('leaky-relu'),
    slope: withDefault(number(0, 1, { open: true }), 0.01),
  }),
]);

/** The layers of a network, as data. */
export const layersSchema = listOf(object({ name: text, layer, inputs: optional(listOf(text)) }));

const model = variant([
  object({ kind: literal('mlp'), hidden: list(whole(1)) }),
  // Layers of the input's own size.
  object({ kind: oneOf(['autoencoder', 'skip-encoder']), depth: withDefault(whole(1), 6) }),
  object({ kind: oneOf(imageModelNames) }),
  object({ kind: literal('layers'), layers: layersSchema }),
]);

const share = number(0);

/** What is made of images to be restored. */
export const taskSchema = variant([
  object({ kind: literal('denoise'), noise: withDefault(number(0), 0.05) }),
  object({
    kind: literal('deblur'),
    blur: number(0, Infinity, { open: true }),
    noise: withDefault(number(0), 0.01),
  }),
]);

const sampleCounts = object({ train: optional(whole(1)), test: optional(whole(1)) });

export const lossNames = ['cross-entropy', 'squared-error'] as const;

const configSchema = object({
  data: withDefault(text, 'mnist'),
  // Where the files of the set are; null: the cache, an installed package or a download.
  dataDir: withDefault(nullable(text), null),
  // How many samples to take, drawn at random; null: all.
  samples: withDefault(nullable(sampleCounts), null),
  // Inputs become corrupted images, targets the clean ones; null: the classes.
  task: withDefault(nullable(taskSchema), null),
  validation: withDefault(number(0), 0.05),
  // Whether inputs become (x − mean) / std with the data set's values.
  normalize: withDefault(truth, true),
  // Random changes of training images: moved by up to `crop` pixels, mirrored.
  augment: withDefault(
    nullable(object({ crop: withDefault(whole(0), 0), flip: withDefault(truth, false) })),
    null,
  ),
  model,
  loss: withDefault(oneOf(lossNames), 'cross-entropy'),
  batchSize: withDefault(whole(1), 128),
  epochs: withDefault(whole(1), 30),
  seed: withDefault(whole(0, 2 ** 32 - 1), 0),
  start: withDefault(start, {}),
  gradient: withDefault(gradient, { kind: 'exact' }),
  optimizer: withDefault(optimizer, {}),
  schedule: withDefault(schedule, { kind: 'plateau' }),
  lambdaPolicy: withDefault(lambdaPolicy, { kind: 'fixed' }),
  // Ends the run after so many epochs without a better validation result; null: never.
  earlyStop: withDefault(nullable(object({ patience: whole(1) })), null),
  breakEven: withDefault(
    object({ forward: share, inputGradient: share, weightGradient: share }),
    defaultBreakEven,
  ),
});

/** A configuration with everything filled in. */
export type Config = Output<typeof configSchema>;

/** A configuration as people write it, also as a constant. */
export type ConfigInput = Input<typeof configSchema>;

/**
 * Checks a configuration and fills in the defaults.
 *
 * @param source what messages begin with, such as the file's path
 * @throws {ConfigError} one line that names the path, the value and what is allowed
 */
export function resolveConfig(input: unknown, source = 'config'): Config {
  const config = validate(configSchema, input, source);
  const { schedule, epochs, task, loss, augment } = config;
  if (task && loss !== 'squared-error') {
    throw new ConfigError(
      `${source}: loss: ${loss} does not go with the task ${task.kind}; it must be "squared-error"`,
    );
  }
  if (task && augment) {
    throw new ConfigError(
      `${source}: augment: it does not go with the task ${task.kind}, whose targets would stay as ` +
        'they are; it must be null',
    );
  }
  // Written down, so that a run that is later trained on for longer keeps its shape.
  if (schedule.kind === 'cosine') schedule.epochs ??= epochs;
  return config;
}

/**
 * Sets one value in a configuration by its path, such as `optimizer.lambda=0.05`. The value is read
 * as JSON where it is JSON, else as text.
 *
 * @throws {ConfigError} no `=`, or a path through something that is no object
 */
export function setByPath(config: object, assignment: string): void {
  const [, path, text] = /^([^=]+)=(.*)$/s.exec(assignment) ?? [];
  if (path === undefined) {
    throw new ConfigError(`--set ${assignment}: write path=value, such as optimizer.lambda=0.05`);
  }
  setValue(config, path, parseValue(text), '--set');
}

/**
 * Sets one value in a configuration by its path, such as `optimizer.lambda`; objects on the way are
 * made where there are none.
 *
 * @param source what messages begin with
 * @throws {ConfigError} a path through something that is no object
 */
export function setValue(config: object, path: string, value: unknown, source: string): void {
  const keys = path.split('.');
  const last = keys.pop()!;
  let at = config;
  for (const key of keys) {
    if (!Object.hasOwn(at, key)) define(at, key, {});
    const next: unknown = Reflect.get(at, key);
    if (typeof next !== 'object' || next === null) {
      throw new ConfigError(`${source} ${path}: '${key}' is no object`);
    }
    at = next;
  }
  define(at, last, value);
}

/** Sets an own property whatever its name: an assignment to `__proto__` would change the prototype. */
function define(object: object, key: string, value: unknown): void {
  Object.defineProperty(object, key, {
    value,
    enumerable: true,
    configurable: true,
    writable: true,
  });
}

function parseValue(text: string): unknown {
  if (text === 'NaN') return Number.NaN;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
