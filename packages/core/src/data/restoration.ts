import { UserError } from '../files/errors.js';
import { stream } from '../math/random.js';
import { sizeOf } from '../math/regularizer.js';
import { literal, number, type Output, object, variant, withDefault } from '../schema/index.js';
import type { Dataset, Samples } from './samples.js';

/** How images to be restored come to be. */
export const restorationSchema = variant([
  object({
    kind: literal('denoise'),
    /** Standard deviation of Gaussian noise on values from 0 to 1. */
    noise: withDefault(number(0), 0.05),
  }),
  object({
    kind: literal('deblur'),
    /** Standard deviation of the Gaussian blur, in pixels. */
    blur: number(0, Infinity, { open: true }),
    /** Standard deviation of Gaussian noise on values from 0 to 1. */
    noise: withDefault(number(0), 0.01),
  }),
]);

/** What to undo: noise, or a blur with noise on top of it. */
export type Restoration = Readonly<Output<typeof restorationSchema>>;

/**
 * Images to be restored: the inputs become corrupted images, the targets the clean ones as values from
 * 0 to 1. The noise is drawn once for each image, by its number, and not cut off at 0 and 1.
 *
 * @throws {UserError} the samples are no images, [channels, height, width]
 */
export function restoration(data: Dataset, task: Restoration, seed: number): Dataset {
  const { classNames: _, ...rest } = data;
  return {
    ...rest,
    train: corrupt(data.train, task, seed, 'train'),
    test: corrupt(data.test, task, seed, 'test'),
  };
}

function corrupt(
  { count, inputs, shape }: Samples,
  task: Restoration,
  seed: number,
  part: string,
): Samples {
  if (shape.length !== 3) {
    throw new UserError(
      `task: ${task.kind} takes images [channels, height, width], not [${shape}]`,
    );
  }
  const clean = asValues(inputs);
  const corrupted = clean.slice();
  const size = sizeOf(shape);
  if (task.kind === 'deblur') blurPlanes(corrupted, shape[1], shape[2], task.blur);
  for (let image = 0; image < count; image++) {
    const random = stream(seed, 'noise', part, image);
    const end = (image + 1) * size;
    for (let i = image * size; i < end; i++) corrupted[i] += task.noise * random.normal();
  }
  return { count, inputs: corrupted, shape, targets: { kind: 'values', values: clean, shape } };
}

function asValues(inputs: Samples['inputs']): Float32Array {
  return inputs instanceof Uint8Array ? Float32Array.from(inputs, (byte) => byte / 255) : inputs;
}

/**
 * Blurs planes of height × width, one after the other, in place. At the borders the image is mirrored,
 * which keeps the mean of every plane.
 *
 * @param deviation of the Gaussian, in pixels; it ends at three deviations
 */
export function blurPlanes(
  planes: Float32Array,
  height: number,
  width: number,
  deviation: number,
): void {
  const kernel = gaussian(deviation);
  const alongRows = windows(width, kernel.length);
  const alongColumns = windows(height, kernel.length);
  const size = height * width;
  for (let start = 0; start < planes.length; start += size) {
    for (let y = 0; y < height; y++) convolve(planes, start + y * width, 1, alongRows, kernel);
    for (let x = 0; x < width; x++) convolve(planes, start + x, width, alongColumns, kernel);
  }
}

/** Weights at −3σ to 3σ that add up to 1. */
function gaussian(deviation: number): Float64Array {
  const radius = Math.ceil(3 * deviation);
  const weights = Float64Array.from({ length: 2 * radius + 1 }, (_, i) =>
    Math.exp(-((i - radius) ** 2) / (2 * deviation ** 2)),
  );
  const sum = weights.reduce((total, weight) => total + weight);
  return weights.map((weight) => weight / sum);
}

/** For each place of a line, the places under the kernel, mirrored at both ends: … 1 0 | 0 1 … */
function windows(length: number, taps: number): Int32Array[] {
  const radius = (taps - 1) / 2;
  const mirrored = (place: number) => {
    const within = ((place % (2 * length)) + 2 * length) % (2 * length);
    return within < length ? within : 2 * length - 1 - within;
  };
  return Array.from({ length }, (_, place) =>
    Int32Array.from({ length: taps }, (_, tap) => mirrored(place + tap - radius)),
  );
}

/** One line of an image, whose places lie `step` apart. */
function convolve(
  planes: Float32Array,
  start: number,
  step: number,
  windows: readonly Int32Array[],
  kernel: Float64Array,
): void {
  const line = Float64Array.from(windows, (_, i) => planes[start + i * step]);
  for (const [i, window] of windows.entries()) {
    let sum = 0;
    for (let tap = 0; tap < kernel.length; tap++) sum += kernel[tap] * line[window[tap]];
    planes[start + i * step] = sum;
  }
}
