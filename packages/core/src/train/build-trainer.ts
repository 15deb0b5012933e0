import type { Backend } from '../backend/index.js';
import { split } from '../data/split.js';
import { ConfigError } from '../files/errors.js';
import { gradientPolicies, schedules } from '../optim/index.js';
import { build } from '../schema/build.js';
import { WeightAverage } from './average.js';
import { buildNetwork } from './build-network.js';
import { buildGroups, buildPolicies, startOf } from './build-optimizer.js';
import { buildSupport } from './build-support.js';
import { checkData } from './check-data.js';
import type { Config } from './config.js';
import { initialize } from './initialize.js';
import { describeModel } from './model-description.js';
import { Optimizer } from './optimizer.js';
import { Sampler } from './sampler.js';
import { Steering } from './steering.js';
import { SupportSteps } from './support-steps.js';
import { Trainer } from './trainer.js';
import type { TrainingData } from './training-data.js';

/**
 * Makes all objects that a configuration describes, and draws the network's start.
 *
 * @throws {ConfigError} configuration and data do not fit one another
 */
export async function buildTrainer(
  backend: Backend,
  config: Config,
  data: TrainingData,
): Promise<Trainer> {
  checkData(config, data);
  const { seed, batchSize, augment, epochs, schedule, gradient, freeze } = config;
  const parts = build('validation', () => split(data.train, config.validation, seed));
  const { length } = parts.train;
  if (batchSize > length) {
    throw new ConfigError(`batchSize: ${batchSize} is more than the ${length} samples to train on`);
  }
  // Augmented images are made anew for each batch.
  const hold = !augment && !data.augment;
  const network = buildNetwork(backend, config, data, { hold });
  const sampler = new Sampler(data, parts.train, { seed, batchSize, augment });
  const groupOptions = buildGroups(config, network);
  const support = buildSupport(config, network, groupOptions, sampler.batchesPerEpoch);
  initialize(network, seed, (parameter) => ({
    ...startOf(config, parameter),
    ...support?.starts.get(parameter.name),
  }));
  const optimizer = new Optimizer(network, groupOptions);
  const policies = buildPolicies(config, optimizer.groups);
  await build('optimizer', () => optimizer.start());
  const average = config.average && (await WeightAverage.start(network, optimizer, config.average));
  const stepsPerEpoch = length / batchSize;
  const groups = optimizer.groups.map((group) => {
    const run = { rate: group.hyper.learningRate, epochs, stepsPerEpoch };
    const policy = policies.get(group);
    return {
      group,
      schedule: build('schedule', () => schedules.build(schedule, run)),
      ...(policy && { policy }),
    };
  });
  return new Trainer({
    network,
    optimizer,
    steering: new Steering(optimizer, groups),
    sampler,
    gradient: support?.policy ?? gradientPolicies.build(gradient, { seed }),
    ...(support && { support: new SupportSteps(support, network, optimizer) }),
    data,
    validation: parts.validation,
    model: describeModel(config, data),
    ...(freeze?.start !== undefined && { freezeAt: freeze.start }),
    ...(average && { average }),
  });
}
