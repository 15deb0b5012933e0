/** From a validated configuration to the objects that it describes. */
import { type BatchSource, inputTypeOf, isBatchSource } from '../data/batches.js';
import type { Samples } from '../data/samples.js';
import type { Engine } from '../engine/index.js';
import { regularizerFrom, sizeOf } from '../math/index.js';
import { autoencoder, imageModels, mlp, skipEncoder } from '../models/index.js';
import {
  type CompileOptions,
  Network,
  type NetworkDescription,
  type Parameter,
  resolve,
  type Start,
} from '../nn/index.js';
import {
  constant,
  cosine,
  discrepancy,
  fixed,
  type GroupOptions,
  type LambdaPolicy,
  type ParameterGroup,
  plateau,
  type Schedule,
  scheduled,
  step,
  targetDensity,
} from '../optim/index.js';
import { ConfigError } from '../schema/config-error.js';
import { fitsPattern } from '../schema/pattern.js';
import { build } from '../schema/validate.js';
import type { Config } from './config.js';
import { checkMemory } from './memory.js';
import type { TrainingData } from './training-data.js';

/**
 * The network that a configuration names, for samples of this kind.
 *
 * @throws {ConfigError} layers do not fit one another, or the last one the targets
 */
export function buildDescription(
  { model }: Config,
  samples: Pick<Samples | BatchSource, 'shape' | 'targets'>,
): NetworkDescription {
  const outputs = outputsOf(samples);
  const description = layersOf(model, samples.shape, outputs);
  const given = build('model', () => sizeOf(resolve(description).at(-1)!.outputShape));
  if (given !== outputs) {
    throw new ConfigError(`model: it ends in ${given} outputs, the targets need ${outputs}`);
  }
  return description;
}

/** Inputs up to this size are copied to the engine's memory, where the kernels gather batches from. */
const HELD_BYTES = 2 ** 26;

/**
 * The network of a configuration, its parameters still zero.
 *
 * @param hold whether to keep a copy of the training inputs in the engine's memory, where there is room
 * @throws {ConfigError} layers do not fit one another, or the last one the targets
 */
export function buildNetwork(
  engine: Engine,
  config: Config,
  data: TrainingData,
  { hold = false } = {},
): Network {
  const { train } = data;
  const normalization = normalizationOf(config, data);
  const description = buildDescription(config, train);
  const options: CompileOptions = {
    batchSize: config.batchSize,
    loss: config.loss,
    inputType: inputTypeOf(train),
    ...(normalization && { normalization }),
    breakEven: config.breakEven,
  };
  const spare = checkMemory(engine, config, description, options);
  const network = build('model', () => new Network(engine, description, options));
  if (!hold || isBatchSource(train)) return network;
  // Half of what is left is for what no plan names: programs and their arguments.
  const isSmall = train.inputs.byteLength <= Math.min(HELD_BYTES, spare / 2);
  if (isSmall) network.hold(train.inputs);
  return network;
}

/** What inputs are normalized by, if they are. */
export function normalizationOf(
  { normalize }: Config,
  { mean, std }: TrainingData,
): CompileOptions['normalization'] {
  return normalize && mean && std ? { mean, std } : undefined;
}

function layersOf(
  model: Config['model'],
  input: readonly number[],
  outputs: number,
): NetworkDescription {
  switch (model.kind) {
    case 'mlp':
      return mlp([sizeOf(input), ...model.hidden, outputs]);
    case 'autoencoder':
      return autoencoder(sizeOf(input), model.depth);
    case 'skip-encoder':
      return skipEncoder(sizeOf(input), model.depth);
    case 'layers':
      return { input, layers: model.layers };
    default:
      return imageModels[model.kind]({ input, classes: outputs });
  }
}

/** How many numbers the network has to give for a sample. */
export function outputsOf({ targets }: Pick<Samples | BatchSource, 'targets'>): number {
  return targets.kind === 'classes' ? targets.classes : sizeOf(targets.shape);
}

/**
 * The optimizer's groups: each parameter goes to the first group with a pattern that fits.
 *
 * @throws {ConfigError} a group that no parameter fits
 */
export function buildGroups({ optimizer, lambdaPolicy }: Config, network: Network): GroupOptions[] {
  // A schedule of λ begins with its own first value.
  const firstLambda = lambdaPolicy.kind === 'schedule' ? lambdaPolicy.values[0] : undefined;
  const { groups, regularizer, ...shared } = optimizer;
  const left = new Set(network.parameters);
  return groups.map(({ parameters: patterns, ...own }, index) => {
    const parameters = [...left].filter((each) =>
      patterns.some((pattern) => matches(each, pattern)),
    );
    for (const parameter of parameters) left.delete(parameter);
    // `*` takes what is left, be it nothing.
    if (parameters.length === 0 && !patterns.includes('*')) {
      const names = network.parameters.map(({ name }) => name).join(', ');
      throw new ConfigError(
        `optimizer.groups.${index}.parameters: ${patterns.join(', ')} names no parameter that is ` +
          `left; the network has ${names}`,
      );
    }
    const hyper = { ...shared, ...defined(own) };
    return groupOptions(hyper, own.regularizer ?? regularizer, parameters, firstLambda);
  });
}

function groupOptions(
  hyper: Omit<GroupOptions, 'parameters' | 'regularizer'>,
  regularizer: Config['optimizer']['regularizer'],
  parameters: readonly Parameter[],
  firstLambda: number | undefined,
): GroupOptions {
  const lambda = regularizer.kind === 'none' ? 0 : (firstLambda ?? hyper.lambda);
  return {
    ...hyper,
    ...(lambda !== undefined && { lambda }),
    regularizer: regularizerFrom(regularizer),
    parameters,
  };
}

/** Without the keys that are undefined. */
function defined<T extends object>(options: T): { [K in keyof T]: NonNullable<T[K]> } {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]: NonNullable<T[K]> };
}

/**
 * Whether a pattern names a parameter: its name, in which `*` stands for any text; `@weight` for all
 * weights; `@linear`, `@conv2d` for those of one kind of layer.
 */
function matches({ name, role, kind }: Parameter, pattern: string): boolean {
  if (pattern.startsWith('@'))
    return role === 'weight' && ['@weight', `@${kind}`].includes(pattern);
  return fitsPattern(name, pattern);
}

/** How a parameter begins: as the first of `start.groups` that names it says, or as all do. */
export function startOf({ start }: Config, parameter: Parameter): Start {
  const { groups, ...shared } = start;
  const own = groups.find(({ parameters }) => parameters.some((each) => matches(parameter, each)));
  return { ...shared, ...(own && defined(own)) };
}

/** The learning rate over the epochs, starting from a group's own. */
export function buildSchedule({ schedule, epochs }: Config, rate: number): Schedule {
  switch (schedule.kind) {
    case 'constant':
      return constant(rate);
    case 'step':
      return step(rate, schedule);
    case 'cosine':
      return cosine(rate, { ...schedule, epochs: schedule.epochs ?? epochs });
    case 'plateau':
      return plateau(rate, schedule);
  }
}

/** Whether a group has a λ to steer. */
export function isRegularized({ regularizer }: ParameterGroup): boolean {
  return regularizer.name !== 'none';
}

/**
 * Makes sure that the λ policy finds what it works on.
 *
 * @throws {ConfigError} it steers v, and a group has none, or no group is regularized
 */
export function checkLambdaPolicy({ lambdaPolicy }: Config, groups: readonly ParameterGroup[]) {
  const { kind } = lambdaPolicy;
  if (kind === 'fixed' || kind === 'schedule') return;
  const steered = groups.filter(isRegularized);
  const hasThresholds = ({ regularizer }: ParameterGroup) =>
    kind === 'discrepancy' || regularizer.thresholds !== undefined;
  const fits = (group: ParameterGroup) => group.method.usesSubgradient && hasThresholds(group);
  if (steered.length > 0 && steered.every(fits)) return;
  const found = (steered.length > 0 ? steered : groups)
    .map(({ method, regularizer }) => `${method.name} with ${regularizer.name}`)
    .join(', ');
  throw new ConfigError(
    `lambdaPolicy: ${kind} needs linbreg or adabreg with a regularizer` +
      `${kind === 'discrepancy' ? '' : ' of entries or groups'}, not ${found}`,
  );
}

/** The policy that steers a group's λ. */
export function buildLambdaPolicy({ lambdaPolicy }: Config): LambdaPolicy {
  switch (lambdaPolicy.kind) {
    case 'fixed':
      return fixed();
    case 'schedule':
      return scheduled(lambdaPolicy.values);
    case 'discrepancy':
      return discrepancy(lambdaPolicy);
    case 'target-density':
      return targetDensity(lambdaPolicy);
  }
}
