import { UserError } from '../files/errors.js';
import type { RandomStream } from '../math/random.js';

/** Random changes that leave the class of an image as it is. */
export interface Augmentation {
  /** Zeros put around the image on each side, in pixels, before a window of its size is cut out. */
  readonly crop: number;
  /** Whether every other image, on average, is mirrored left to right. */
  readonly flip: boolean;
}

/**
 * Writes `count` images, each moved by up to `crop` pixels each way and perhaps mirrored, one after
 * the other into `to`. What comes in from outside is zero: the byte or float 0, black before any
 * normalization, as torchvision's `RandomCrop` and `RandomHorizontalFlip` have it on images.
 *
 * Of `random` each image takes two numbers below 2 crop + 1 (down, right) if `crop` is not 0, then
 * one for the mirror if `flip` is set: the same stream gives the same images.
 *
 * @param source images of `shape` [C, H, W], one after the other.
 * @param order numbers of images; those at `from` to `from + count − 1` are taken.
 * @param to room for `count` images, of the same type as `source`.
 * @throws {UserError} a shape, crop, range or number of an image that does not fit.
 */
export function augment<T extends Uint8Array | Float32Array>(
  source: T,
  shape: readonly number[],
  order: ArrayLike<number>,
  from: number,
  count: number,
  { crop, flip }: Augmentation,
  random: RandomStream,
  to: NoInfer<T>,
): void {
  const fail = (problem: string): never => {
    throw new UserError(`augment: ${problem}`);
  };
  if (shape.length !== 3) fail(`shape [${shape}] is not [channels, height, width]`);
  const [channels, height, width] = shape;
  const size = channels * height * width;
  if (!(Number.isInteger(crop) && crop >= 0)) {
    fail(`crop must be a whole number of pixels, not ${crop}`);
  }
  if (from < 0 || from + count > order.length) {
    fail(`images ${from} to ${from + count - 1} of an order of ${order.length}`);
  }
  if (to.length < count * size) {
    fail(`${count} images take ${count * size} values, there is room for ${to.length}`);
  }

  for (let n = 0; n < count; n++) {
    const image = order[from + n];
    // Of an image that is not there, the end is NaN or beyond the last.
    if (!(image >= 0 && (image + 1) * size <= source.length)) {
      fail(`there is no image ${image} among ${source.length / size}`);
    }
    // The window starts this far below and to the right of the image; up and left if negative.
    const down = crop > 0 ? random.below(2 * crop + 1) - crop : 0;
    const right = crop > 0 ? random.below(2 * crop + 1) - crop : 0;
    const mirrored = flip && random.bernoulli(0.5);
    const start = image * size;
    const target = n * size;
    for (let channel = 0; channel < channels; channel++) {
      const plane = channel * height * width;
      copyWindow(source, start + plane, height, width, down, right, mirrored, to, target + plane);
    }
  }
}

/** One channel: the window that starts at (down, right), with zeros where there is no image. */
function copyWindow(
  source: Uint8Array | Float32Array,
  start: number,
  height: number,
  width: number,
  down: number,
  right: number,
  mirrored: boolean,
  to: Uint8Array | Float32Array,
  target: number,
): void {
  // Columns of the window that show the image, and what lies beside them once mirrored.
  const begin = Math.min(width, Math.max(0, -right));
  const shown = Math.max(0, width - Math.abs(right));
  const before = mirrored ? width - begin - shown : begin;
  for (let y = 0; y < height; y++) {
    const row = y + down;
    const left = target + y * width;
    if (row < 0 || row >= height) {
      to.fill(0, left, left + width);
      continue;
    }
    const first = left + before;
    const from = start + row * width + right + begin;
    for (let j = left; j < first; j++) to[j] = 0;
    if (mirrored) {
      const last = from + shown - 1;
      for (let x = 0; x < shown; x++) to[first + x] = source[last - x];
    } else {
      for (let x = 0; x < shown; x++) to[first + x] = source[from + x];
    }
    for (let j = first + shown; j < left + width; j++) to[j] = 0;
  }
}
