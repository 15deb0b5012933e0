import { lossName } from '../backend/backend.js';
import { fitsNormalization } from '../backend/samples.js';
import { type Restoration, restorationSchema } from '../data/restoration.js';
import { quoted, UserError } from '../files/errors.js';
import {
  decodeSafetensors,
  encodeSafetensors,
  type Safetensors,
  type Tensor,
} from '../files/safetensors.js';
import { formatShape, type NetworkDescription } from '../graph/index.js';
import { layersSchema, resolve } from '../layers/index.js';
import { type Shape, sizeOf } from '../math/index.js';
import {
  anything,
  check,
  fields,
  listOf,
  number,
  object,
  optional,
  parse,
  text,
  validate,
  whole,
} from '../schema/index.js';
import { buildDescription, normalizationOf } from './build-network.js';
import type { Config } from './config.js';
import type { TrainingData } from './training-data.js';

/** What weights need besides themselves to predict: plain data, kept with them in one file. */
export interface ModelDescription {
  readonly network: NetworkDescription;
  /** Of a sample as data sets give it, such as [1, 28, 28]; the network may take it flat. */
  readonly shape: Shape;
  readonly loss: Config['loss'];
  /** Per channel, or one for all: inputs become (x − mean) / std. */
  readonly normalization?: { readonly mean: readonly number[]; readonly std: readonly number[] };
  /** The name of each class, in the order of the outputs. */
  readonly classNames?: readonly string[];
  /** What the network restores, where its inputs are corrupted images. */
  readonly task?: Restoration;
  /** Name of the data set that it was trained on. */
  readonly data?: string;
}

/**
 * The description of the network that a configuration trains on these data.
 *
 * @throws {ConfigError} configuration and data do not fit one another
 * @throws {UserError} there are names for more or fewer classes than there are
 */
export function describeModel(config: Config, data: TrainingData): ModelDescription {
  const { classNames, name } = data;
  const { shape, targets } = data.train;
  if (classNames && targets.kind === 'classes' && classNames.length !== targets.classes) {
    throw new UserError(`classNames: ${classNames.length} names for ${targets.classes} classes`);
  }
  const normalization = normalizationOf(config, data);
  return {
    network: buildDescription(config, data.train),
    shape,
    loss: config.loss,
    ...(normalization && { normalization }),
    ...(classNames && targets.kind === 'classes' && { classNames }),
    ...(config.task && { task: config.task }),
    ...(name !== undefined && { data: name }),
  };
}

/** The key of the description among the metadata of a safetensors file. */
const KEY = 'bregman';
/** To be raised when earlier versions could no longer read what is written. */
const FORMAT = 1;

/** A model as one safetensors file holds it: its weights, and its description as metadata. */
export function modelFile(
  description: ModelDescription,
  weights: ReadonlyMap<string, Tensor>,
): Safetensors {
  const json = JSON.stringify({ format: FORMAT, ...description });
  return { tensors: weights, metadata: { [KEY]: json } };
}

/**
 * A model in one file: its weights as safetensors under PyTorch's names, its description as metadata.
 * {@link openModel} makes a network of it again; PyTorch opens the weights.
 */
export function encodeModel(
  description: ModelDescription,
  weights: ReadonlyMap<string, Tensor>,
): Uint8Array<ArrayBuffer> {
  const { tensors, metadata } = modelFile(description, weights);
  return encodeSafetensors(tensors, metadata);
}

/**
 * Reads the weights of a safetensors file, and what it says about them, treating it as hostile.
 *
 * @param source what messages begin with, such as the file's path
 * @returns no description where the file has none: other programs and earlier versions wrote none
 * @throws {UserError} the file is damaged, or the parts of its description do not fit one another
 */
export function decodeModel(
  bytes: Uint8Array,
  source = 'model',
): { description?: ModelDescription; weights: ReadonlyMap<string, Tensor> } {
  const { tensors: weights, metadata } = decodeSafetensors(bytes, source);
  const json = metadata[KEY];
  return json === undefined
    ? { weights }
    : { weights, description: parseDescription(json, `${source}: metadata ${KEY}`) };
}

const channels = listOf(number());

const descriptionSchema = object({
  format: check(String(FORMAT), (format) => format === FORMAT),
  network: object({ input: listOf(whole(1)), layers: layersSchema }),
  shape: listOf(whole(1)),
  loss: lossName,
  normalization: optional(
    object({ mean: channels, std: listOf(number(0, Infinity, { open: true })) }),
  ),
  classNames: optional(listOf(text)),
  task: optional(restorationSchema),
  data: optional(text),
});

function parseDescription(json: string, source: string): ModelDescription {
  const input = parse(json, source);
  const fail = (problem: string): never => {
    throw new UserError(`${source}: ${problem}`);
  };
  const { format } = validate(fields({ format: optional(anything) }), input, source, UserError);
  if (typeof format === 'number' && format > FORMAT) {
    fail(`its format ${format} is of a later version of bregman; this one reads ${FORMAT}`);
  }
  const { format: _, ...description } = validate(descriptionSchema, input, source, UserError);
  const { network, shape, loss, normalization, classNames, task } = description;
  const outputs = sizeOf(resolvedWithin(network, source));
  if (sizeOf(shape) !== sizeOf(network.input)) {
    fail(`samples of ${formatShape(shape)} do not fit the network's ${formatShape(network.input)}`);
  }
  if (normalization && !fitsNormalization(normalization, shape)) {
    fail(`normalization: its mean and std do not fit samples of ${formatShape(shape)}`);
  }
  if (classNames && loss !== 'cross-entropy') fail(`loss: ${loss} goes without names of classes`);
  if (classNames && classNames.length !== outputs) {
    fail(`classNames: ${classNames.length} names for the ${outputs} outputs of the network`);
  }
  if (task && (loss !== 'squared-error' || outputs !== sizeOf(shape))) {
    fail(`task: ${quoted(task.kind)} needs images as outputs and squared errors`);
  }
  return description;
}

/** The shape of the network's output. */
function resolvedWithin(network: NetworkDescription, source: string): Shape {
  try {
    return resolve(network).at(-1)!.outputShape;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(`${source}: network: ${error.message}`, { cause: error });
  }
}
