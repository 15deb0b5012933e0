import { UserError } from '../files/errors.js';
import type { RandomStream } from '../math/random.js';
import { type Output, object, truth, whole, withDefault } from '../schema/index.js';

/** Random changes of images in a configuration. */
export const augmentationSchema = object({
  /** Zeros put around the image on each side, in pixels, before a window of its size is cut out. */
  crop: withDefault(whole(0), 0),
  /** Whether every other image, on average, is mirrored left to right. */
  flip: withDefault(truth, false),
  /** Side of a square that is covered by the data set's mean, in pixels; 0: none. */
  cutout: withDefault(whole(0), 0),
});

/** Random changes that leave the class of an image as it is. */
export type Augmentation = Readonly<Output<typeof augmentationSchema>>;

/**
 * A change of one training sample, made in place on a copy of it, each time that it comes up. All
 * that is random about it has to come from `random`, so that a resumed run continues to the same bits.
 */
export type AugmentSample = (sample: Uint8Array | Float32Array, random: RandomStream) => void;

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
  { crop, flip }: Pick<Augmentation, 'crop' | 'flip'>,
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

/**
 * One channel: the window that starts at (down, right), with zeros where there is no image. A move
 * shifts every pixel of a plane by the same distance, so it is one copy, which leaves pixels of the
 * neighbouring rows at the edges for the zeros to cover: less than half the time of a copy by pixel.
 */
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
  const plane = height * width;
  const distance = down * width + right;
  const first = Math.max(0, -distance);
  const last = Math.min(plane, plane - distance);
  if (first < last) {
    to.set(source.subarray(start + first + distance, start + last + distance), target + first);
  }

  // Rows and columns of the window that show the image.
  const top = Math.min(height, Math.max(0, -down));
  const bottom = Math.max(top, Math.min(height, height - down));
  const left = Math.min(width, Math.max(0, -right));
  const end = Math.max(left, Math.min(width, width - right));
  to.fill(0, target, target + top * width);
  to.fill(0, target + bottom * width, target + plane);
  for (let y = top; y < bottom; y++) {
    const row = target + y * width;
    for (let x = 0; x < left; x++) to[row + x] = 0;
    for (let x = end; x < width; x++) to[row + x] = 0;
    if (!mirrored) continue;
    for (let i = row, j = row + width - 1; i < j; i++, j--) {
      const value = to[i];
      to[i] = to[j];
      to[j] = value;
    }
  }
}

/**
 * Covers a square of each image, in place, by the mean of each channel (DeVries & Taylor 2017, arXiv 1708.04552):
 * after normalization that is 0. The centre is any pixel of the image, so at the borders less is covered: of
 * `size` pixels from the centre − ⌊size / 2⌋ on, what lies inside.
 *
 * Of `random` each image takes a number below H (the centre's row), then one below W (its column).
 *
 * @param images `count` images of `shape` [C, H, W], one after the other
 * @param size side of the square in pixels
 * @param mean one value a channel, or one for all, before normalization; in bytes it is rounded to one of 255
 */
export function cutOut(
  images: Uint8Array | Float32Array,
  [channels, height, width]: readonly number[],
  count: number,
  size: number,
  mean: readonly number[],
  random: RandomStream,
): void {
  const scale = images instanceof Uint8Array ? 255 : 1;
  const plane = height * width;
  for (let image = 0; image < count; image++) {
    const top = random.below(height) - Math.floor(size / 2);
    const left = random.below(width) - Math.floor(size / 2);
    const first = Math.max(0, left);
    const end = Math.min(width, left + size);
    for (let channel = 0; channel < channels; channel++) {
      const value = scale * (mean.length > 1 ? mean[channel] : mean[0]);
      const cover = scale === 255 ? Math.round(value) : value;
      const start = (image * channels + channel) * plane;
      for (let y = Math.max(0, top); y < Math.min(height, top + size); y++) {
        images.fill(cover, start + y * width + first, start + y * width + end);
      }
    }
  }
}
