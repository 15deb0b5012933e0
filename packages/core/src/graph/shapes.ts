import { UserError } from '../files/errors.js';
import type { Shape } from '../math/index.js';

/** A shape as people write it: 3 × 32 × 32. */
export function formatShape(shape: Shape): string {
  return shape.join(' × ');
}

/** @throws {UserError} where one of the numbers is not whole, or below the least that it may be */
export function requireWhole(numbers: Readonly<Record<string, number>>, least: number): void {
  for (const [name, value] of Object.entries(numbers)) {
    if (!Number.isInteger(value) || value < least) {
      throw new UserError(`${name} must be a whole number from ${least} on, not ${value}`);
    }
  }
}

/**
 * The shape of an image: channels, height, width.
 *
 * @throws {UserError} where it is none
 */
export function requireImage(shape: Shape): readonly [number, number, number] {
  const [channels, height, width] = shape;
  if (shape.length === 3) return [channels, height, width];
  throw new UserError(
    `the input must be an image (channels × height × width), not ${formatShape(shape)}`,
  );
}

/** How many windows (or kernels) of so many pixels fit an extent, with zeros on both sides. */
export function countWindows(
  extent: number,
  { size, stride, padding }: Readonly<Record<'size' | 'stride' | 'padding', number>>,
): number {
  return Math.floor((extent + 2 * padding - size) / stride + 1);
}
