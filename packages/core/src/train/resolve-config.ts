/** What no part of a configuration can know alone: which of them go together, and how long the run is. */
import { methods } from '../optim/index.js';
import { ConfigError, validate } from '../schema/index.js';
import { type Config, configSchema } from './config.js';

/**
 * Checks a configuration and fills in the defaults.
 *
 * @param source what messages begin with, such as the file's path
 * @throws {ConfigError} one line that names the path, the value and what is allowed
 */
export function resolveConfig(input: unknown, source = 'config'): Config {
  const config = validate(configSchema, input, source);
  checkTogether(config, source);
  settleLengths(config, source);
  return config;
}

/**
 * Makes sure that the parts of a configuration go together.
 *
 * @param source what messages begin with
 * @throws {ConfigError} the first that does not
 */
function checkTogether(config: Config, source: string): void {
  const { path, problem } =
    taskProblem(config) ??
    supportProblem(config) ??
    lambdaProblem(config) ??
    freezeProblem(config) ??
    {};
  if (path !== undefined) throw new ConfigError(`${source}: ${path}: ${problem}`);
}

/** A value that does not go with another. */
interface Problem {
  readonly path: string;
  readonly problem: string;
}

function taskProblem({ task, loss, augment, labelSmoothing }: Config): Problem | undefined {
  if (task && loss !== 'squared-error') {
    const problem = `${loss} does not go with the task ${task.kind}; it must be "squared-error"`;
    return { path: 'loss', problem };
  }
  if (task && augment) {
    const problem =
      `it does not go with the task ${task.kind}, whose targets would stay as they are; ` +
      'it must be null';
    return { path: 'augment', problem };
  }
  if (labelSmoothing > 0 && loss !== 'cross-entropy') {
    const problem = `the loss ${loss} has no labels to smooth; it must be 0`;
    return { path: 'labelSmoothing', problem };
  }
  return undefined;
}

/** A support says which weights live; what else would say so does not go with it. */
function supportProblem(config: Config): Problem | undefined {
  const { support, optimizer, gradient, lambdaPolicy, freeze } = config;
  if (!support) return undefined;
  const does = `does not go with the support ${support.kind}`;
  if (methods[optimizer.method].movesOnSupport !== true) {
    const able = Object.values(methods).filter(({ movesOnSupport }) => movesOnSupport);
    const names = able.map(({ name }) => JSON.stringify(name)).join(', ');
    const problem = `${optimizer.method} ${does}; it must be one of ${names}`;
    return { path: 'optimizer.method', problem };
  }
  if (gradient.kind !== 'exact') {
    const problem = `${gradient.kind} ${does}, which says itself which gradients it takes; it must be "exact"`;
    return { path: 'gradient', problem };
  }
  if (lambdaPolicy.kind !== 'fixed') {
    const problem = `${lambdaPolicy.kind} ${does}, which reads no λ; it must be "fixed"`;
    return { path: 'lambdaPolicy', problem };
  }
  if (freeze) {
    const problem = `it ${does}, which says itself how long it changes; it must be null`;
    return { path: 'freeze', problem };
  }
  return undefined;
}

/** Where each weight tensor has a λ of its own, no fan-in says how λ is shared out. */
function lambdaProblem({ optimizer, lambdaPolicy }: Config): Problem | undefined {
  const { lambdaFanIn } = optimizer;
  const hasBudget = lambdaPolicy.kind === 'target-density' && lambdaPolicy.budget !== 'global';
  if (!hasBudget || lambdaFanIn === 0) return undefined;
  const problem = `${lambdaFanIn} does not go with lambdaPolicy.budget ${lambdaPolicy.budget}; it must be 0`;
  return { path: 'optimizer.lambdaFanIn', problem };
}

/** What has a low rank has no zeros to freeze. */
function freezeProblem({ freeze, optimizer }: Config): Problem | undefined {
  const specs = [optimizer.regularizer, ...optimizer.groups.map(({ regularizer }) => regularizer)];
  if (!freeze || !specs.some((spec) => spec?.kind === 'nuclear')) return undefined;
  const problem = 'the nuclear norm leaves no zeros to freeze; it must be null';
  return { path: 'freeze', problem };
}

/**
 * Writes down how long schedules and phases last, so that a run that is later trained on for longer keeps its shape.
 *
 * @param source what messages begin with
 * @throws {ConfigError} one of them leaves nothing of the run
 */
function settleLengths(config: Config, source: string): void {
  settleSchedule(config, source);
  const { support, freeze, epochs } = config;
  if (support && 'until' in support) support.epochs ??= epochs;
  if (!freeze) return;
  freeze.start ??= epochs - freeze.epochs;
  if (freeze.start >= epochs) {
    throw new ConfigError(
      `${source}: freeze.start: ${freeze.start} epochs before the frozen phase leave nothing of the ${epochs} for ` +
        'it; it must be less, or left out',
    );
  }
  if (freeze.start >= 1) return;
  throw new ConfigError(
    `${source}: freeze.epochs: ${freeze.epochs} leave nothing of the ${epochs} epochs to grow in; it must be less`,
  );
}

function settleSchedule({ schedule, epochs }: Config, source: string): void {
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
