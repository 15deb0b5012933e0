import { readdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import {
  type Dataset,
  decodeIdx,
  type IdxArray,
  measure,
  type Normalization,
  samples,
} from '@bregman/core/data';
import { fileError, UserError } from '@bregman/core/files';
import { readUnzipped } from './gunzip.js';

/** What the files of a set do not say themselves. */
export interface IdxFacts {
  readonly name?: string;
  readonly classNames?: readonly string[];
  readonly normalization?: Normalization;
}

/**
 * Loads a folder in the layout of MNIST: images and labels for training (`train-images-idx3-ubyte`,
 * `train-labels-idx1-ubyte`) and for test (`t10k-…`), each with `-` or `.` before `idx`, gzipped
 * (`.gz`) or not. Images may have any size.
 *
 * @param facts default: the name of the folder, as many classes as the largest training label asks
 *   for, and the normalization measured on the training images.
 * @throws {UserError} a file is missing or damaged, or the files do not fit each other.
 */
export async function loadIdxFolder(folder: string, facts: IdxFacts = {}): Promise<Dataset> {
  const names = await readdir(folder).catch((error) => {
    throw fileError(error, 'read', folder);
  });
  const read = async (prefix: string) => {
    const source = join(folder, find(names, folder, `${prefix}-labels`, 'idx1-ubyte'));
    const images = join(folder, find(names, folder, `${prefix}-images`, 'idx3-ubyte'));
    return { source, images: await readIdx(images, 3), labels: await readIdx(source, 1) };
  };
  const train = await read('train');
  const test = await read('t10k');

  const [size, testSize] = [train, test].map(({ images }) => images.shape.slice(1).join(' × '));
  if (size !== testSize) {
    throw new UserError(`${folder}: training images have ${size} pixels, test images ${testSize}`);
  }
  const shape = [1, ...train.images.shape.slice(1)];
  const classes =
    facts.classNames?.length ?? 1 + train.labels.data.reduce((a, b) => Math.max(a, b));
  const { mean, std } = facts.normalization ?? measure(train.images.data, 1, shape[1] * shape[2]);
  return {
    name: facts.name ?? basename(resolve(folder)),
    train: samples(train.images.data, shape, train.labels.data, { classes, source: train.source }),
    test: samples(test.images.data, shape, test.labels.data, { classes, source: test.source }),
    ...(facts.classNames && { classNames: facts.classNames }),
    mean,
    std,
  };
}

/**
 * Reads one IDX file of `rank` dimensions, decompressing it if it begins as gzip does.
 *
 * @param maxBytes the most it may decompress to: a stop for decompression bombs.
 * @throws {UserError} the file is unreadable, damaged or too large.
 */
export async function readIdx(path: string, rank: number, maxBytes = 2 ** 30): Promise<IdxArray> {
  return decodeIdx(await readUnzipped(path, maxBytes), path, rank);
}

/** The one of `names` that holds `stem`, in any of the usual spellings. */
function find(names: readonly string[], folder: string, stem: string, type: string): string {
  const spellings = ['-', '.'].flatMap((dot) => [
    `${stem}${dot}${type}`,
    `${stem}${dot}${type}.gz`,
  ]);
  const found = spellings.find((name) => names.includes(name));
  if (found) return found;
  throw new UserError(`${folder}: no file ${spellings[0]} (or with .${type} or .gz at the end)`);
}
