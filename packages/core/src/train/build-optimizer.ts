import type { Network } from '../backend/index.js';
import type { Parameter } from '../graph/index.js';
import { regularizerFrom } from '../math/index.js';
import {
  constant,
  cosine,
  discrepancy,
  exact,
  fixed,
  type GradientPolicy,
  type LambdaPolicy,
  multilevel,
  plateau,
  type Schedule,
  sampled,
  scheduled,
  step,
  targetDensity,
} from '../optim/index.js';
import { ConfigError } from '../schema/config-error.js';
import { fitsPattern } from '../schema/pattern.js';
import type { Config } from './config.js';
import type { Start } from './initialize.js';
import type { GroupOptions, ParameterGroup } from './optimizer.js';

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

/** Which gradients the steps take. */
export function buildGradientPolicy({ gradient, seed }: Config): GradientPolicy {
  switch (gradient.kind) {
    case 'exact':
      return exact();
    case 'multilevel':
      return multilevel(gradient.period);
    case 'sampled':
      return sampled(seed);
  }
}
