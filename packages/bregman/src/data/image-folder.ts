import { basename, resolve } from 'node:path';
import {
  type Dataset,
  type Labels,
  measure,
  type Normalization,
  type Samples,
  samples,
  splitByClass,
} from '@bregman/core/data';
import { UserError } from '@bregman/core/files';
import { cachedImages } from './image-cache.js';
import { decodeImages } from './image-decode.js';
import { listImages } from './image-list.js';
import type { LoadOptions } from './locate.js';

/** What the images do not say themselves, and how to watch and stop their decoding. */
export interface ImageFolderOptions extends Pick<LoadOptions, 'seed' | 'onDecode' | 'signal'> {
  /** Default: the name of the folder. */
  readonly name?: string;
  /** The fraction of each class to test with where the folder has no `test`; default 0.1. */
  readonly testShare?: number;
  /** Default: measured on the training images. */
  readonly normalization?: Normalization;
}

/**
 * Loads a folder of images (PNG, JPEG, WebP) of one size: `train/CLASS/*` and `test/CLASS/*`, or
 * `CLASS/*`, which are then parted by `seed` class by class. Classes are numbered by name. Samples
 * have the shape [3, H, W], or [1, H, W] if every image is grey. The images are decoded once and
 * then come from the cache, until one is added, removed or changed.
 *
 * @throws {UserError} no images, one class, a class without images, a damaged image, images of
 *   different sizes, or more than 2 GiB of them.
 */
export async function loadImageFolder(
  folder: string,
  options: ImageFolderOptions = {},
): Promise<Dataset> {
  const { testShare = 0.1, seed = 0 } = options;
  if (!(testShare > 0 && testShare < 1)) {
    throw new UserError(`the share of test images must lie between 0 and 1, not ${testShare}`);
  }
  const list = await listImages(folder);
  const { classNames, paths, trainCount } = list;
  const { shape, data } = await cachedImages(folder, paths, () =>
    decodeImages(folder, paths, options),
  );

  const [, channels, height, width] = shape;
  const plane = height * width;
  const size = channels * plane;
  const classes = classNames.length;
  const labels = toLabels(list.labels, classes);
  const part = (inputs: Uint8Array, itsLabels: Labels) =>
    samples(inputs, [channels, height, width], itsLabels, { classes, source: folder });
  const range = (begin: number, end: number) =>
    part(data.subarray(begin * size, end * size), labels.subarray(begin, end));
  const choice = (numbers: Int32Array) => {
    const inputs = new Uint8Array(numbers.length * size);
    for (const [i, n] of numbers.entries()) {
      inputs.set(data.subarray(n * size, (n + 1) * size), i * size);
    }
    const itsLabels = Array.from(numbers, (n) => labels[n]);
    return part(inputs, toLabels(itsLabels, classes));
  };

  let train: Samples;
  let test: Samples;
  if (trainCount !== undefined) {
    train = range(0, trainCount);
    test = range(trainCount, paths.length);
  } else {
    const parts = splitByClass(labels, testShare, seed);
    if (parts.test.length === 0) {
      throw new UserError(`${folder}: one image a class leaves none to test with`);
    }
    train = choice(parts.train);
    test = choice(parts.test);
  }
  const { mean, std } =
    options.normalization ?? measure(train.inputs as Uint8Array, channels, plane);
  return { name: options.name ?? basename(resolve(folder)), train, test, classNames, mean, std };
}

/** The narrowest type that holds the numbers of so many classes. */
function toLabels(labels: readonly number[], classes: number): Labels {
  return classes > 256 ? Int32Array.from(labels) : Uint8Array.from(labels);
}
