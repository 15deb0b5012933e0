import { UserError } from '../files/errors.js';

/** Class numbers, one a sample. */
export type Labels = Uint8Array | Uint16Array | Int32Array;

/** What a network shall answer, sample by sample. */
export type Targets =
  | {
      readonly kind: 'classes';
      /** From 0 to `classes` − 1, one a sample. */
      readonly labels: Labels;
      readonly classes: number;
    }
  | {
      readonly kind: 'values';
      /** count × shape, sample-major. */
      readonly values: Float32Array;
      /** Of one sample. */
      readonly shape: readonly number[];
    };

/** Inputs with their targets; made by {@link samples}. */
export interface Samples {
  readonly count: number;
  /** count × shape, sample-major; a byte b means b / 255, a float itself. */
  readonly inputs: Uint8Array | Float32Array;
  /** Of one sample, e.g. [1, 28, 28] for channels, height, width. */
  readonly shape: readonly number[];
  readonly targets: Targets;
}

/** Training and test samples of the same shape and classes. */
export interface Dataset {
  readonly name: string;
  readonly train: Samples;
  readonly test: Samples;
  /** The name of each class, in the order of the labels. */
  readonly classNames?: readonly string[];
  /**
   * Normalization, one value a channel: a network sees (x − mean) / std, where x is a byte / 255 or
   * the float itself.
   */
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/**
 * Samples from the user's own arrays, checked and not copied.
 *
 * ```ts
 * import { samples } from '@bregman/core';
 *
 * const images = samples(new Uint8Array(100 * 784), [1, 28, 28], new Uint8Array(100), { classes: 10 });
 * const values = { kind: 'values', shape: [2], values: new Float32Array(200) } as const;
 * const regression = samples(new Float32Array(300), [3], values);
 * console.log(images.count, regression.targets.kind);
 * ```
 *
 * @param inputs count × shape values, sample-major; bytes stand for 0 to 1, floats for themselves.
 * @param shape of one sample, e.g. [1, 28, 28]; the number of samples follows from it.
 * @param targets class labels (one a sample), or values of any shape for regression.
 * @param options.classes number of classes; left out, one more than the largest label.
 * @param options.source what error messages begin with, such as a path; default `samples`.
 * @throws {UserError} sizes that do not fit, a label outside the classes, a value that is not finite;
 *   the message names the first bad sample.
 */
export function samples(
  inputs: Uint8Array | Float32Array,
  shape: readonly number[],
  targets: Targets | Labels | readonly number[],
  options: { readonly classes?: number | undefined; readonly source?: string } = {},
): Samples {
  const fail: Fail = (problem) => {
    throw new UserError(`${options.source ?? 'samples'}: ${problem}`);
  };
  const count = countSamples(inputs, shape, 'inputs', fail);
  if ('kind' in targets && targets.kind === 'values') {
    const answers = countSamples(targets.values, targets.shape, 'target values', fail);
    if (answers !== count) fail(`${count} samples, but target values for ${answers}`);
    return { count, inputs, shape, targets };
  }
  const { labels, classes } =
    'kind' in targets ? targets : { labels: targets, classes: options.classes };
  if (labels.length !== count) fail(`${count} samples, but ${labels.length} labels`);
  return { count, inputs, shape, targets: classTargets(labels, classes, fail) };
}

type Fail = (problem: string) => never;

/** Checks values of `shape` each and counts how many there are. */
function countSamples(
  values: Uint8Array | Float32Array,
  shape: readonly number[],
  what: string,
  fail: Fail,
): number {
  if (shape.length === 0 || !shape.every((extent) => Number.isSafeInteger(extent) && extent > 0)) {
    fail(`${what}: shape [${shape}] must list positive whole numbers, such as [1, 28, 28]`);
  }
  const size = shape.reduce((product, extent) => product * extent, 1);
  const count = values.length / size;
  if (count === 0 || !Number.isInteger(count)) {
    fail(`${what}: ${values.length} values make no whole number of samples of shape [${shape}]`);
  }
  if (values instanceof Float32Array) {
    const bad = values.findIndex((value) => !Number.isFinite(value));
    const where = `value ${bad % size} of sample ${Math.floor(bad / size)}`;
    if (bad >= 0) fail(`${what}: ${where} is ${values[bad]}, not a finite number`);
  } else if (!(values instanceof Uint8Array)) {
    fail(`${what}: must be a Float32Array, or a Uint8Array where bytes mean 0 to 1`);
  }
  return count;
}

function classTargets(
  labels: Labels | readonly number[],
  given: number | undefined,
  fail: Fail,
): Targets {
  let largest = 0;
  for (const label of labels) if (label > largest) largest = label;
  const classes = given ?? largest + 1;
  if (given !== undefined && !(Number.isInteger(given) && given > 0)) {
    fail(`the number of classes must be a positive whole number, not ${given}`);
  }
  const bad = labels.findIndex(
    (label) => !Number.isInteger(label) || label < 0 || label >= classes,
  );
  if (bad >= 0) {
    const range = given ? `from 0 to ${classes - 1}` : 'from 0';
    fail(`label ${labels[bad]} of sample ${bad} is not a whole number ${range}`);
  }
  return { kind: 'classes', labels: isTyped(labels) ? labels : Int32Array.from(labels), classes };
}

function isTyped(labels: Labels | readonly number[]): labels is Labels {
  return ArrayBuffer.isView(labels);
}
