import { decodeIdx } from '@bregman/core/data';
import { UserError } from '@bregman/core/files';
import { formatShape } from '@bregman/core/graph';
import { readUnzipped } from './gunzip.js';
import { imageDecoder, toPlanes } from './image-decode.js';

/** The most that a file may hold. */
const MAX_BYTES = 2 ** 30;

/**
 * What a file holds to predict from: an image (PNG, JPEG, WebP), or the samples of an IDX file, gzipped or
 * not. A grey image serves a network of colour images; nothing else is converted, above all no size.
 *
 * @param shape of one sample as the network takes it
 * @returns count × shape, a byte b meaning b / 255
 * @throws {UserError} the file is missing or damaged, or its samples have another shape
 */
export async function readInputs(path: string, shape: readonly number[]): Promise<Uint8Array> {
  const bytes = await readUnzipped(path, MAX_BYTES);
  const isIdx = bytes[0] === 0 && bytes[1] === 0;
  return isIdx ? idxInputs(bytes, path, shape) : imageInputs(bytes, path, shape);
}

function idxInputs(bytes: Uint8Array, path: string, shape: readonly number[]): Uint8Array {
  const found = decodeIdx(bytes, path, bytes[3]);
  const each = found.shape.slice(1);
  const isGrey = shape.length === 3 && shape[0] === 1 && each.length === 2;
  const wanted = isGrey ? shape.slice(1) : shape;
  if (String(each) === String(wanted)) return found.data;
  throw new UserError(
    `${path}: its samples are ${formatShape(each)}, the network takes ${formatShape(wanted)}`,
  );
}

async function imageInputs(
  bytes: Uint8Array,
  path: string,
  shape: readonly number[],
): Promise<Uint8Array> {
  const [channels, height, width] = shape;
  if (shape.length !== 3 || (channels !== 1 && channels !== 3)) {
    throw new UserError(
      `${path}: the network takes no images, but ${formatShape(shape)} numbers: give an IDX file`,
    );
  }
  const image = await (await imageDecoder())(bytes, path);
  if (image.width !== width || image.height !== height) {
    const found = `${image.width} × ${image.height}`;
    throw new UserError(
      `${path}: it has ${found} pixels (width × height), the network takes ${width} × ${height}`,
    );
  }
  const plane = height * width;
  const planes = new Uint8Array(3 * plane);
  const isGrey = toPlanes(image.pixels, planes, 0, plane);
  if (channels === 3) return planes;
  if (isGrey) return planes.slice(0, plane);
  throw new UserError(`${path}: it is in colour, the network takes grey images`);
}
