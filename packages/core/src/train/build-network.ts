import type { Backend, CompileOptions, Network } from '../backend/index.js';
import { type BatchSource, inputTypeOf, isBatchSource } from '../data/batches.js';
import type { Samples } from '../data/samples.js';
import { ConfigError } from '../files/errors.js';
import type { NetworkDescription } from '../graph/index.js';
import { resolve } from '../layers/index.js';
import { sizeOf } from '../math/index.js';
import { models } from '../models/index.js';
import { build } from '../schema/build.js';
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
  const description = models.build(model, { input: samples.shape, outputs });
  const given = build('model', () => sizeOf(resolve(description).at(-1)!.outputShape));
  if (given !== outputs) {
    throw new ConfigError(`model: it ends in ${given} outputs, the targets need ${outputs}`);
  }
  return description;
}

/** Inputs up to this size are copied to the backend's memory, where the batches are gathered from. */
const HELD_BYTES = 2 ** 26;

/**
 * The network of a configuration, its parameters still zero.
 *
 * @param hold whether to keep a copy of the training inputs in the backend's memory, where there is room
 * @throws {ConfigError} layers do not fit one another, or the last one the targets
 */
export function buildNetwork(
  backend: Backend,
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
    labelSmoothing: config.labelSmoothing,
    inputType: inputTypeOf(train),
    breakEven: config.breakEven,
    normalization,
  };
  const spare = checkMemory(backend, config, description, options);
  const network = build('model', () => backend.compile(description, options));
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

/** How many numbers the network has to give for a sample. */
export function outputsOf({ targets }: Pick<Samples | BatchSource, 'targets'>): number {
  return targets.kind === 'classes' ? targets.classes : sizeOf(targets.shape);
}
