import { lossName } from '../backend/backend.js';
import { augmentationSchema } from '../data/augment.js';
import { restorationSchema } from '../data/restoration.js';
import { sampleCountsSchema } from '../data/subset.js';
import { breakEvenSchema, defaultBreakEven } from '../lowering/support.js';
import { regularizers } from '../math/index.js';
import { models } from '../models/index.js';
import {
  gradientPolicies,
  hyperparameters,
  lambdaPolicies,
  type MethodName,
  methodNames,
  schedules,
  supportPolicies,
} from '../optim/index.js';
import {
  ConfigError,
  fraction,
  type Input,
  listOf,
  nullable,
  number,
  type Output,
  object,
  oneOf,
  optional,
  partial,
  text,
  truth,
  validate,
  whole,
  withDefault,
} from '../schema/index.js';
import { averageSchema } from './average.js';
import { startSchema } from './initialize.js';

/*
 * The configuration of a training run, as it stands in config.json: composed of the schemas of its parts,
 * each of which fills in what is left out, so that a validated configuration says everything.
 */

/** What a parameter group sets for itself; the optimizer's own settings hold for the rest. */
const group = object({
  parameters: listOf(text),
  ...partial(hyperparameters.entries),
  regularizer: optional(regularizers.schema),
});

const optimizer = object({
  method: withDefault(oneOf(methodNames), 'linbreg'),
  ...hyperparameters.entries,
  regularizer: withDefault(regularizers.schema, { kind: 'l1' }),
  // The first group that names a parameter has it; `*` stands for any text.
  groups: withDefault(listOf(group), [
    { parameters: ['@weight'] },
    { parameters: ['*'], regularizer: { kind: 'none' } },
  ]),
});

const configSchema = object({
  data: withDefault(text, 'mnist'),
  // Where the files of the set are; null: the cache, an installed package or a download.
  dataDir: withDefault(nullable(text), null),
  // How many samples to take, drawn at random; null: all.
  samples: withDefault(nullable(sampleCountsSchema), null),
  // Inputs become corrupted images, targets the clean ones; null: the classes.
  task: withDefault(nullable(restorationSchema), null),
  validation: withDefault(number(0), 0.05),
  // Whether inputs become (x − mean) / std with the data set's values.
  normalize: withDefault(truth, true),
  // Random changes of training images: moved by up to `crop` pixels, mirrored, a square covered.
  augment: withDefault(nullable(augmentationSchema), null),
  model: models.schema,
  loss: withDefault(lossName, 'cross-entropy'),
  // Of the training loss; scores take the labels as they are.
  labelSmoothing: withDefault(fraction, 0),
  batchSize: withDefault(whole(1), 128),
  epochs: withDefault(whole(1), 30),
  seed: withDefault(whole(0, 2 ** 32 - 1), 0),
  start: withDefault(startSchema, {}),
  gradient: withDefault(gradientPolicies.schema, { kind: 'exact' }),
  // Which weights live, under methods that move the live ones alone; null: the optimizer has its own way.
  support: withDefault(nullable(supportPolicies.schema), null),
  optimizer: withDefault(optimizer, {}),
  schedule: withDefault(schedules.schema, { kind: 'plateau' }),
  lambdaPolicy: withDefault(lambdaPolicies.schema, { kind: 'fixed' }),
  // Scores and saves averages of the weights over the steps; null: the weights themselves.
  average: withDefault(nullable(averageSchema), null),
  // Ends the run after so many epochs without a better validation result; null: never.
  earlyStop: withDefault(nullable(object({ patience: whole(1) })), null),
  breakEven: withDefault(breakEvenSchema, defaultBreakEven),
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
  const { task, loss, augment, support, epochs } = config;
  if (task && loss !== 'squared-error') {
    throw new ConfigError(
      `${source}: loss: ${loss} does not go with the task ${task.kind}; it must be "squared-error"`,
    );
  }
  if (loss === 'squared-error' && config.labelSmoothing > 0) {
    throw new ConfigError(
      `${source}: labelSmoothing: the loss squared-error has no labels to smooth; it must be 0`,
    );
  }
  if (task && augment) {
    throw new ConfigError(
      `${source}: augment: it does not go with the task ${task.kind}, whose targets would stay as ` +
        'they are; it must be null',
    );
  }
  checkSupport(config, source);
  settleLength(config, source);
  if (support && 'until' in support) support.epochs ??= epochs;
  return config;
}

/** Writes down how long a schedule lasts, so that a run that is later trained on for longer keeps its shape. */
function settleLength({ schedule, epochs }: Config, source: string): void {
  const isWarmed = schedule.kind === 'warmup';
  const lasting = isWarmed ? schedule.schedule : schedule;
  if (lasting.kind === 'one-cycle') lasting.epochs ??= epochs;
  if (lasting.kind !== 'cosine') return;
  lasting.epochs ??= epochs;
  if (lasting.warmup < lasting.epochs) return;
  throw new ConfigError(
    `${source}: schedule.${isWarmed ? 'schedule.' : ''}warmup: ${lasting.warmup} epochs leave nothing of ` +
      `the ${lasting.epochs} for the cosine; it must be less`,
  );
}

/** Methods that move the live weights and leave it to the support which these are. */
const onSupport: readonly MethodName[] = ['sgd', 'adam'];

/** @throws {ConfigError} a part that does not go with a support */
function checkSupport(
  { support, optimizer: { method }, gradient, lambdaPolicy }: Config,
  source: string,
): void {
  if (!support) return;
  if (!onSupport.includes(method)) {
    throw new ConfigError(
      `${source}: optimizer.method: ${method} does not go with the support ${support.kind}; it must be one ` +
        `of ${onSupport.map((name) => JSON.stringify(name)).join(', ')}`,
    );
  }
  if (gradient.kind !== 'exact') {
    throw new ConfigError(
      `${source}: gradient: ${gradient.kind} does not go with the support ${support.kind}, which says itself ` +
        'which gradients it takes; it must be "exact"',
    );
  }
  if (lambdaPolicy.kind !== 'fixed') {
    throw new ConfigError(
      `${source}: lambdaPolicy: ${lambdaPolicy.kind} does not go with the support ${support.kind}, which ` +
        'reads no λ; it must be "fixed"',
    );
  }
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
