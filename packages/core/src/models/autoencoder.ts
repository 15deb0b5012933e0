import { type LayerEntry, type NetworkDescription, network } from '../graph/index.js';
import { linear, relu } from '../layers/index.js';
import { sizeOf } from '../math/index.js';
import { kind, literal, object, whole, withDefault } from '../schema/index.js';
import type { ModelContext } from './model.js';

const schema = object({ kind: literal('autoencoder'), depth: withDefault(whole(1), 6) });

/**
 * The paper's network for denoising: layers of one width, `fc1`, `fc2`, …, with a ReLU behind each, the
 * last one too, since images are not negative. It has no bottleneck: under row groups one emerges.
 *
 * @param features of the input, of every layer and of the output
 * @param depth weight matrices; the paper has six
 */
export function autoencoder(features: number, depth = schema.defaults.depth): NetworkDescription {
  const layers = Array.from({ length: depth }, (_, i): LayerEntry[] => [
    [`fc${i + 1}`, linear(features)],
    [`relu${i + 1}`, relu()],
  ]);
  return network([features], layers.flat());
}

/** It in a configuration: layers of the input's own size. */
export const autoencoderKind = kind(schema, ({ depth }, { input }: ModelContext) =>
  autoencoder(sizeOf(input), depth),
);
