import type { Shape } from '../math/index.js';

/** What every classifier of images lets one choose. */
export interface ImageModelOptions {
  /** Channels, height, width. */
  readonly input?: Shape;
  readonly classes?: number;
}
