import type { Shape } from '../math/index.js';

/** A shape as people write it: 3 × 32 × 32. */
export function formatShape(shape: Shape): string {
  return shape.join(' × ');
}

/**
 * The shape of an image: channels, height, width.
 *
 * @throws Error where it is none
 */
export function requireImage(shape: Shape): readonly [number, number, number] {
  const [channels, height, width] = shape;
  if (shape.length === 3) return [channels, height, width];
  throw new Error(
    `the input must be an image (channels × height × width), not ${formatShape(shape)}`,
  );
}
