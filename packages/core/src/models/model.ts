import type { NetworkDescription } from '../graph/index.js';
import type { Shape } from '../math/index.js';
import { kind, literal, object } from '../schema/index.js';
import type { ImageModelOptions } from './options.js';

/** What a model of a configuration is made for. */
export interface ModelContext {
  /** Of one sample. */
  readonly input: Shape;
  /** Numbers that the network has to give for a sample. */
  readonly outputs: number;
}

/** A classifier of images in a configuration, by its name alone. */
export function imageModelKind<const Name extends string>(
  name: Name,
  make: (options: ImageModelOptions) => NetworkDescription,
) {
  return kind(object({ kind: literal(name) }), (_, { input, outputs }: ModelContext) =>
    make({ input, classes: outputs }),
  );
}
