import { readdir } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { type Dataset, type Samples, samples } from '@bregman/core/data';
import { fileError, UserError } from '@bregman/core/files';
import { type TarHeader, unpackTar } from 'modern-tar';
import { readBytes } from '../files/disk.js';
import type { RemoteFile } from './download.js';
import { readUnzipped } from './gunzip.js';
import { type LoadOptions, locate } from './locate.js';

const ARCHIVE: RemoteFile = {
  name: 'cifar-10-binary.tar.gz',
  url: 'https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz',
  bytes: 170052171,
  sha256: 'c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd',
};
/** The folder inside the archive. */
const FOLDER = 'cifar-10-batches-bin';
const TRAIN = [1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`);
const TEST = 'test_batch.bin';
const FILES = [...TRAIN, TEST];

const SHAPE = [3, 32, 32];
const PIXELS = 3 * 32 * 32;
const PER_FILE = 10_000;
/** Each image is its label, then its pixels, channel by channel. */
const FILE_BYTES = PER_FILE * (1 + PIXELS);
/** Six files and room for what else may be in the archive. */
const MAX_TAR_BYTES = 8 * FILE_BYTES;

/**
 * CIFAR-10 (Krizhevsky 2009): 50,000 + 10,000 colour photographs of ten kinds of things, [3, 32, 32].
 * The official binary files, found as {@link locate} says; `dir` holds the archive, or its files
 * `data_batch_1.bin` to `test_batch.bin`, in `cifar-10-batches-bin` or not.
 *
 * @throws {UserError} the files are damaged, or nowhere and cannot be downloaded.
 */
export async function loadCifar10(options: LoadOptions = {}): Promise<Dataset> {
  const { source, batches } = await readBatches(await locate('cifar10', [ARCHIVE], [], options));
  const part = (names: readonly string[]) =>
    merge(
      names.map((name) => batches.get(name) as Uint8Array),
      source,
    );
  return {
    name: 'cifar10',
    train: part(TRAIN),
    test: part([TEST]),
    classNames: [
      'airplane',
      'automobile',
      'bird',
      'cat',
      'deer',
      'dog',
      'frog',
      'horse',
      'ship',
      'truck',
    ],
    mean: [0.4914, 0.4822, 0.4465],
    std: [0.2023, 0.1994, 0.201],
  };
}

/** The six files by name, each of the right size. */
async function readBatches(folder: string) {
  const names = await readdir(folder).catch((error) => {
    throw fileError(error, 'read', folder);
  });
  if (names.some((name) => FILES.includes(name))) return readFolder(folder);
  if (names.includes(FOLDER)) return readFolder(join(folder, FOLDER));
  if (names.includes(ARCHIVE.name)) return readArchive(join(folder, ARCHIVE.name));
  throw new UserError(
    `${folder}: neither ${ARCHIVE.name} nor its ${FILES[0]} to ${TEST} are in it`,
  );
}

async function readFolder(source: string) {
  const batches = new Map<string, Uint8Array>();
  for (const name of FILES) {
    const path = join(source, name);
    const bytes = await readBytes(path);
    checkSize(bytes.length, path);
    batches.set(name, bytes);
  }
  return { source, batches };
}

async function readArchive(source: string) {
  const tar = await readUnzipped(source, MAX_TAR_BYTES);
  const fileName = ({ name }: TarHeader) => posix.basename(name);
  // Not `createTarDecoder`, the reader of streams: of modern-tar 0.8.6 it stops for ever within a
  // file of this size.
  const entries = await unpackTar(tar, {
    strict: true,
    filter: (header) => FILES.includes(fileName(header)),
  }).catch((cause) => {
    throw new UserError(`${source}: cannot unpack: damaged or cut off`, { cause });
  });
  const batches = new Map<string, Uint8Array>();
  for (const { header, data } of entries) {
    checkSize(data?.length ?? 0, `${source}: ${fileName(header)}`);
    if (data) batches.set(fileName(header), data);
  }
  const missing = FILES.find((name) => !batches.has(name));
  if (missing) throw new UserError(`${source}: there is no ${missing} in it`);
  return { source, batches };
}

function checkSize(bytes: number, path: string): void {
  if (bytes === FILE_BYTES) return;
  const problem = bytes < FILE_BYTES ? 'cut off' : 'too long';
  throw new UserError(
    `${path}: ${problem}: ${bytes} bytes where ${PER_FILE} images take ${FILE_BYTES}`,
  );
}

/** Files as samples: labels and pixels parted. */
function merge(batches: readonly Uint8Array[], source: string): Samples {
  const count = batches.length * PER_FILE;
  const inputs = new Uint8Array(count * PIXELS);
  const labels = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    const bytes = batches[Math.floor(i / PER_FILE)];
    const start = (i % PER_FILE) * (1 + PIXELS);
    labels[i] = bytes[start];
    inputs.set(bytes.subarray(start + 1, start + 1 + PIXELS), i * PIXELS);
  }
  return samples(inputs, SHAPE, labels, { classes: 10, source });
}
