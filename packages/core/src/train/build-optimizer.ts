import type { Network } from '../backend/index.js';
import { ConfigError } from '../files/errors.js';
import type { Parameter } from '../graph/index.js';
import { regularizers } from '../math/index.js';
import { type LambdaPolicy, lambdaPolicies } from '../optim/index.js';
import { fitsPattern } from '../schema/pattern.js';
import type { Config } from './config.js';
import type { Start } from './initialize.js';
import type { GroupOptions, ParameterGroup } from './optimizer.js';

/**
 * The optimizer's groups: each parameter goes to the first group with a pattern that fits.
 *
 * @throws {ConfigError} a group that no parameter fits
 */
export function buildGroups(
  { optimizer, lambdaPolicy, support }: Config,
  network: Network,
): GroupOptions[] {
  const keepsAlive = support !== null;
  const { first } = lambdaPolicies.build(lambdaPolicy);
  const { groups, ...shared } = optimizer;
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
    const { regularizer: spec, ...hyper } = { ...shared, ...own };
    const lambda = spec.kind === 'none' ? 0 : (first ?? hyper.lambda);
    return { ...hyper, lambda, regularizer: regularizers.build(spec), parameters, keepsAlive };
  });
}

/**
 * Whether a pattern names a parameter: its name, in which `*` stands for any text; `@weight` for all
 * weights; `@linear`, `@conv2d` for those of one kind of layer.
 */
export function matches({ name, role, kind }: Parameter, pattern: string): boolean {
  if (pattern.startsWith('@'))
    return role === 'weight' && ['@weight', `@${kind}`].includes(pattern);
  return fitsPattern(name, pattern);
}

/** How a parameter begins: as the first of `start.groups` that names it says, or as all do. */
export function startOf({ start }: Config, parameter: Parameter): Start {
  const { groups, ...shared } = start;
  const own = groups.find(({ parameters }) => parameters.some((each) => matches(parameter, each)));
  return { ...shared, ...own };
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
export function checkLambdaPolicy(
  { name, needs }: LambdaPolicy,
  groups: readonly ParameterGroup[],
): void {
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
