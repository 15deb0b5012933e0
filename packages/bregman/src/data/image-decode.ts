import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { IdxArray } from '@bregman/core/data';
import { UserError } from '@bregman/core/files';
import { readBytes } from '../files/disk.js';
import { loadSharp } from '../files/sharp.js';
import { forEachBounded } from './bounded.js';
import type { LoadOptions } from './locate.js';

/** What one file can hold and Node can read at once, less the header and checksum of the cache. */
const MAX_BYTES = 2 ** 31 - 4096;

/**
 * Decodes images of one size to bytes of shape [count, C, H, W]: C = 1 if red, green and blue agree
 * in every pixel of every image, else 3. Colours become sRGB of 8 bits; an alpha channel is dropped,
 * and the rotation that a camera notes is not applied, both as torchvision does.
 *
 * @param paths inside `folder`; one or more.
 * @throws {UserError} an image is damaged or of another size than the first, or they take more than
 *   2 GiB.
 */
export async function decodeImages(
  folder: string,
  paths: readonly string[],
  { onDecode, signal }: Pick<LoadOptions, 'onDecode' | 'signal'> = {},
): Promise<IdxArray> {
  const decodeBytes = await imageDecoder();
  // Not by its path: libvips would answer from its cache after the file has changed.
  const decode = async (path: string) => decodeBytes(await readBytes(path), path);
  const size = ({ width, height }: Size) => `${width} × ${height}`;
  const full = (i: number) => join(folder, paths[i]);
  const first = await decode(full(0));
  const plane = first.width * first.height;
  const bytes = paths.length * 3 * plane;
  if (bytes > MAX_BYTES) {
    const need = `${paths.length} images of ${size(first)} take ${(bytes / 2 ** 30).toFixed(1)} GiB`;
    throw new UserError(
      `${folder}: ${need}, more than the 2 GiB that can be held: make them smaller`,
    );
  }

  const data = new Uint8Array(bytes);
  let grey = true;
  let done = 0;
  await forEachBounded(paths.length, 2 * availableParallelism(), async (i) => {
    signal?.throwIfAborted();
    const image = i === 0 ? first : await decode(full(i));
    if (image.width !== first.width || image.height !== first.height) {
      const sizes = `${full(0)} has ${size(first)} pixels, ${full(i)} has ${size(image)}`;
      throw new UserError(`all images must have one size: ${sizes}`);
    }
    const colourless = toPlanes(image.pixels, data, i * 3 * plane, plane);
    grey &&= colourless;
    onDecode?.(++done, paths.length);
  });
  if (!grey) return { shape: [paths.length, 3, first.height, first.width], data };

  for (let i = 1; i < paths.length; i++) {
    data.copyWithin(i * plane, i * 3 * plane, (i * 3 + 1) * plane);
  }
  const shape = [paths.length, 1, first.height, first.width];
  return { shape, data: data.slice(0, paths.length * plane) };
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/**
 * A function that decodes the bytes of an image to red, green, blue, red, ….
 *
 * @throws {UserError} sharp does not load; the function: the image is damaged
 */
export async function imageDecoder(): Promise<
  (bytes: Uint8Array, path: string) => Promise<Size & { pixels: Uint8Array }>
> {
  const sharp = await loadSharp('decode images');
  return async (bytes, path) => {
    try {
      const { data, info } = await sharp(bytes)
        .toColourspace('srgb')
        .removeAlpha()
        .raw({ depth: 'uchar' })
        .toBuffer({ resolveWithObject: true });
      return { pixels: data, width: info.width, height: info.height };
    } catch (error) {
      // Several lines, the first of which says it.
      const [reason] = String(error instanceof Error ? error.message : error).split('\n');
      throw new UserError(`${path}: cannot decode: ${reason}`, { cause: error });
    }
  };
}

/** Parts interleaved colours into three planes, and tells whether there is no colour in them. */
export function toPlanes(
  pixels: Uint8Array,
  to: Uint8Array,
  start: number,
  plane: number,
): boolean {
  let differences = 0;
  for (let i = 0; i < plane; i++) {
    const red = pixels[3 * i];
    const green = pixels[3 * i + 1];
    const blue = pixels[3 * i + 2];
    to[start + i] = red;
    to[start + plane + i] = green;
    to[start + 2 * plane + i] = blue;
    differences |= (red ^ green) | (green ^ blue);
  }
  return differences === 0;
}
