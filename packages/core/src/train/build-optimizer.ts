import type { Network } from '../backend/index.js';
import { ConfigError } from '../files/errors.js';
import type { Parameter } from '../graph/index.js';
import { none, regularizers } from '../math/index.js';
import { type LambdaPolicy, lambdaPolicies, methodNames, methods } from '../optim/index.js';
import { build } from '../schema/build.js';
import { fitsPattern } from '../schema/pattern.js';
import type { Config } from './config.js';
import { denseStart, type Start } from './initialize.js';
import type { GroupOptions, ParameterGroup } from './optimizer.js';

/**
 * The optimizer's groups: each parameter goes to the first group with a pattern that fits.
 *
 * @throws {ConfigError} a group that no parameter fits, or that asks for Nesterov's step without momentum
 */
export function buildGroups(config: Config, network: Network): GroupOptions[] {
  const { optimizer, lambdaPolicy, dense, support } = config;
  checkDense(dense, network);
  const keepsAlive = support !== null;
  const { first, byLayer } = lambdaPolicies.build(lambdaPolicy, { layers: [] });
  const { groups, ...common } = optimizer;
  const left = new Set(network.parameters);
  return groups.flatMap(({ parameters: patterns, ...own }, index) => {
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
    const { regularizer: spec, ...hyper } = { ...common, ...own, keepsAlive };
    const isShared = own.nesterov === undefined && own.momentum === undefined;
    checkNesterov(hyper, isShared ? 'optimizer' : `optimizer.groups.${index}`);
    // A support says which weights live, and no J has a say.
    if (spec.kind === 'none' || support) return [unregularized(hyper, parameters)];
    const regularizer = regularizers.build(spec);
    const shared = { ...hyper, lambda: first ?? hyper.lambda, regularizer };
    const kept = parameters.filter((each) => isDense(config, each));
    const sparse = parameters.filter((each) => !isDense(config, each));
    const tensors = byLayer ? sparse.map((each) => [each]) : [sparse];
    return [
      ...tensors
        .filter((each) => each.length > 0 || kept.length === 0)
        .map((each) => ({ ...shared, parameters: each })),
      ...(kept.length > 0 ? [unregularized(hyper, kept)] : []),
    ];
  });
}

function unregularized(
  hyper: Omit<GroupOptions, 'regularizer' | 'parameters'>,
  parameters: readonly Parameter[],
): GroupOptions {
  return { ...hyper, lambda: 0, lambdaFanIn: 0, regularizer: none(), parameters };
}

/** Whether a weight begins dense and stays so. */
export function isDense({ dense }: Config, parameter: Parameter): boolean {
  return parameter.role === 'weight' && dense.some((pattern) => matches(parameter, pattern));
}

/** @throws {ConfigError} a pattern that names no weight */
function checkDense(dense: Config['dense'], { parameters }: Network): void {
  const weights = parameters.filter(({ role }) => role === 'weight');
  for (const [i, pattern] of dense.entries()) {
    if (weights.some((each) => matches(each, pattern))) continue;
    const names = weights.map(({ name }) => name).join(', ');
    throw new ConfigError(`dense.${i}: ${pattern} names no weight; the network has ${names}`);
  }
}

/** @throws {ConfigError} Nesterov's step is asked for where there is no momentum to look ahead along */
function checkNesterov(
  { method, momentum, nesterov }: Pick<GroupOptions, 'method' | 'momentum' | 'nesterov'>,
  path: string,
): void {
  if (!nesterov) return;
  if (!('nesterov' in methods[method].hyperparameters)) {
    const able = methodNames.filter((name) => 'nesterov' in methods[name].hyperparameters);
    throw new ConfigError(
      `${path}.nesterov: ${method} has no momentum; it must be false, or the method one of ${able.join(', ')}`,
    );
  }
  if (momentum === 0) {
    throw new ConfigError(`${path}.nesterov: it needs a momentum above 0, such as 0.9`);
  }
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

/** How a parameter begins: dense, or as the first of `start.groups` that names it says, or as all do. */
export function startOf(config: Config, parameter: Parameter): Start {
  if (isDense(config, parameter)) return denseStart;
  const { groups, ...shared } = config.start;
  const own = groups.find(({ parameters }) => parameters.some((each) => matches(parameter, each)));
  return { ...shared, ...own };
}

/**
 * The λ policies of the groups that have a λ to steer, each of its own.
 *
 * @throws {ConfigError} the policy steers v or thresholds, and a group has none; or its budget leaves a layer empty
 */
export function buildPolicies(
  { lambdaPolicy }: Config,
  groups: readonly ParameterGroup[],
): Map<ParameterGroup, LambdaPolicy> {
  const steered = groups.filter(isRegularized);
  const layers = steered.flatMap(({ parameters }) => parameters);
  const probe = lambdaPolicies.build(lambdaPolicy, { layers });
  checkLambdaPolicy(probe, groups);
  const buildFor = ({ parameters }: ParameterGroup) => {
    const layer = layers.indexOf(parameters[0]);
    const context = probe.byLayer ? { layers, layer } : { layers };
    return build('lambdaPolicy', () => lambdaPolicies.build(lambdaPolicy, context));
  };
  return new Map(steered.map((group) => [group, buildFor(group)]));
}

/** Whether a group has a λ to steer. */
function isRegularized({ regularizer }: ParameterGroup): boolean {
  return regularizer.name !== 'none';
}

/**
 * Makes sure that the λ policy finds what it works on.
 *
 * @throws {ConfigError} it steers v, and a group has none, or no group is regularized
 */
function checkLambdaPolicy({ name, needs }: LambdaPolicy, groups: readonly ParameterGroup[]): void {
  if (!needs) return;
  const steered = groups.filter(isRegularized);
  const fits = ({ method, regularizer }: ParameterGroup) =>
    method.usesSubgradient && (needs === 'subgradient' || regularizer.thresholds !== undefined);
  if (steered.length > 0 && steered.every(fits)) return;
  const found = (steered.length > 0 ? steered : groups)
    .map(({ method, regularizer }) => `${method.name} with ${regularizer.name}`)
    .join(', ');
  const ofUnits = needs === 'thresholds' ? ' of entries or groups' : '';
  throw new ConfigError(
    `lambdaPolicy: ${name} needs linbreg or adabreg with a regularizer${ofUnits}, not ${found}`,
  );
}
