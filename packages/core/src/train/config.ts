import * as v from 'valibot';
import { defaultBreakEven } from '../lowering/support.js';
import { imageModelNames } from '../models/index.js';
import { ConfigError } from '../schema/config-error.js';
import { listOf, number, object, oneOf, validate, whole } from '../schema/validate.js';

/*
 * The configuration of a training run, as it stands in config.json. Each schema fills in what is
 * left out, so that a validated configuration says everything.
 */

const groupAxis = oneOf(['rows', 'columns', 'kernels', 'filters']);

const regularizer = v.variant('kind', [
  object({ kind: oneOf(['none', 'l1', 'nonnegative-l1', 'nuclear']) }),
  object({ kind: v.literal('group'), by: groupAxis }),
  object({
    kind: v.literal('sparse-group'),
    by: groupAxis,
    mix: number(0, 1, { open: true }),
  }),
]);

const schedule = v.variant('kind', [
  object({ kind: v.literal('constant') }),
  object({
    kind: v.literal('step'),
    every: whole(1),
    factor: v.optional(number(0, 1, { open: true }), 0.1),
  }),
  object({
    kind: v.literal('cosine'),
    epochs: v.optional(whole(1)),
    warmup: v.optional(whole(0), 0),
    minRate: v.optional(number(0), 0),
  }),
  object({
    kind: v.literal('plateau'),
    factor: v.optional(number(0, 1, { open: true }), 0.5),
    patience: v.optional(whole(0), 5),
    threshold: v.optional(number(0, 1), 0.01),
    cooldown: v.optional(whole(0), 0),
    minRate: v.optional(number(0), 0),
  }),
]);

const lambdaPolicy = v.variant('kind', [
  object({ kind: v.literal('fixed') }),
  object({
    kind: v.literal('schedule'),
    values: listOf(number(0)),
  }),
  object({
    kind: v.literal('discrepancy'),
    target: number(0, 1),
    increment: v.optional(number(0, Infinity, { open: true }), 0.05),
    warmup: v.optional(whole(0), 0),
    cooldown: v.optional(whole(0), 0),
  }),
  object({
    kind: v.literal('target-density'),
    density: number(0, 1, { open: true }),
    rate: v.optional(number(0, 1, { open: true }), 0.15),
    everySteps: v.optional(whole(1), 10),
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
  parameters: listOf(v.string()),
  learningRate: v.optional(hyperparameters.learningRate),
  lambda: v.optional(hyperparameters.lambda),
  delta: v.optional(hyperparameters.delta),
  momentum: v.optional(hyperparameters.momentum),
  beta1: v.optional(hyperparameters.beta1),
  beta2: v.optional(hyperparameters.beta2),
  epsilon: v.optional(hyperparameters.epsilon),
  regularizer: v.optional(regularizer),
});

const optimizer = object({
  method: v.optional(oneOf(['linbreg', 'adabreg', 'proxsgd', 'sgd', 'adam', 'lasso']), 'linbreg'),
  learningRate: v.optional(hyperparameters.learningRate, 0.1),
  lambda: v.optional(hyperparameters.lambda, 0.1),
  delta: v.optional(hyperparameters.delta, 1),
  momentum: v.optional(hyperparameters.momentum, 0),
  beta1: v.optional(hyperparameters.beta1, 0.9),
  beta2: v.optional(hyperparameters.beta2, 0.999),
  epsilon: v.optional(hyperparameters.epsilon, 1e-8),
  regularizer: v.optional(regularizer, { kind: 'l1' }),
  // The first group that names a parameter has it; `*` stands for any text.
  groups: v.optional(listOf(group), [
    { parameters: ['@weight'] },
    { parameters: ['*'], regularizer: { kind: 'none' } },
  ]),
});

const unit = oneOf(['entries', 'rows', 'columns', 'kernels', 'filters']);
const mask = oneOf(['bernoulli', 'exact']);
const biasRange = v.tuple([number(-Infinity), number(-Infinity)]);

const start = object({
  density: v.optional(number(0, 1, { open: true }), 0.01),
  by: v.optional(unit, 'entries'),
  mask: v.optional(mask, 'bernoulli'),
  gain: v.optional(number(0, Infinity, { open: true }), 7),
  bias: v.optional(biasRange, [0, 1]),
  // The first group that names a parameter has it, as with the optimizer's.
  groups: v.optional(
    v.array(
      object({
        parameters: listOf(v.string()),
        // 0: all begin at zero, as skip connections may.
        density: v.optional(number(0, 1)),
        by: v.optional(unit),
        mask: v.optional(mask),
        gain: v.optional(number(0, Infinity, { open: true })),
        bias: v.optional(biasRange),
      }),
    ),
    [],
  ),
});

const gradient = v.variant('kind', [
  // Of every weight in every step.
  object({ kind: v.literal('exact') }),
  // Of every weight in each `period`-th step; between them only non-zero weights move.
  object({ kind: v.literal('multilevel'), period: v.optional(whole(2), 10) }),
  // Of zero weights from one block of sixteen samples, drawn anew each step.
  object({ kind: v.literal('sampled') }),
]);

const layer = v.variant('kind', [
  object({
    kind: v.literal('linear'),
    outputs: whole(1),
    bias: v.optional(v.boolean(), true),
  }),
  object({
    kind: v.literal('conv2d'),
    channels: whole(1),
    size: whole(1),
    stride: v.optional(whole(1), 1),
    padding: v.optional(whole(0), 0),
    bias: v.optional(v.boolean(), true),
  }),
  object({
    kind: v.literal('batch-norm2d'),
    relu: v.optional(v.boolean(), false),
    momentum: v.optional(number(0, 1), 0.1),
    epsilon: v.optional(number(0, Infinity, { open: true }), 1e-5),
  }),
  object({
    kind: oneOf(['max-pool2d', 'average-pool2d']),
    size: v.union([whole(1), v.literal('global')]),
    stride: v.exactOptional(whole(1)),
    padding: v.optional(whole(0), 0),
  }),
  object({ kind: v.literal('add'), scaled: v.optional(v.boolean(), false) }),
  object({ kind: oneOf(['relu', 'sigmoid', 'tanh', 'concatenate', 'flatten']) }),
  object({
    kind: v.literal('leaky-relu'),
    slope: v.optional(number(0, 1, { open: true }), 0.01),
  }),
]);

/** The layers of a network, as data. */
export const layersSchema = listOf(
  object({ name: v.string(), layer, inputs: v.exactOptional(listOf(v.string())) }),
);

const model = v.variant('kind', [
  object({ kind: v.literal('mlp'), hidden: v.array(whole(1)) }),
  // Layers of the input's own size.
  object({ kind: oneOf(['autoencoder', 'skip-encoder']), depth: v.optional(whole(1), 6) }),
  object({ kind: oneOf(imageModelNames) }),
  object({ kind: v.literal('layers'), layers: layersSchema }),
]);

const share = number(0);

/** What is made of images to be restored. */
export const taskSchema = v.variant('kind', [
  object({ kind: v.literal('denoise'), noise: v.optional(number(0), 0.05) }),
  object({
    kind: v.literal('deblur'),
    blur: number(0, Infinity, { open: true }),
    noise: v.optional(number(0), 0.01),
  }),
]);

const sampleCounts = object({ train: v.exactOptional(whole(1)), test: v.exactOptional(whole(1)) });

export const lossNames = ['cross-entropy', 'squared-error'] as const;

const configSchema = object({
  data: v.optional(v.string(), 'mnist'),
  // Where the files of the set are; null: the cache, an installed package or a download.
  dataDir: v.optional(v.nullable(v.string()), null),
  // How many samples to take, drawn at random; null: all.
  samples: v.optional(v.nullable(sampleCounts), null),
  // Inputs become corrupted images, targets the clean ones; null: the classes.
  task: v.optional(v.nullable(taskSchema), null),
  validation: v.optional(number(0), 0.05),
  // Whether inputs become (x − mean) / std with the data set's values.
  normalize: v.optional(v.boolean(), true),
  // Random changes of training images: moved by up to `crop` pixels, mirrored.
  augment: v.optional(
    v.nullable(object({ crop: v.optional(whole(0), 0), flip: v.optional(v.boolean(), false) })),
    null,
  ),
  model,
  loss: v.optional(oneOf(lossNames), 'cross-entropy'),
  batchSize: v.optional(whole(1), 128),
  epochs: v.optional(whole(1), 30),
  seed: v.optional(whole(0, 2 ** 32 - 1), 0),
  start: v.optional(start, {}),
  gradient: v.optional(gradient, { kind: 'exact' }),
  optimizer: v.optional(optimizer, {}),
  schedule: v.optional(schedule, { kind: 'plateau' }),
  lambdaPolicy: v.optional(lambdaPolicy, { kind: 'fixed' }),
  // Ends the run after so many epochs without a better validation result; null: never.
  earlyStop: v.optional(v.nullable(object({ patience: whole(1) })), null),
  breakEven: v.optional(
    object({ forward: share, inputGradient: share, weightGradient: share }),
    defaultBreakEven,
  ),
});

/** A configuration with everything filled in. */
export type Config = v.InferOutput<typeof configSchema>;

/** A configuration as people write it, also as a constant. */
export type ConfigInput = Frozen<v.InferInput<typeof configSchema>>;

/** The same, all the way down unchangeable. */
type Frozen<T> = T extends object ? { readonly [K in keyof T]: Frozen<T[K]> } : T;

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
