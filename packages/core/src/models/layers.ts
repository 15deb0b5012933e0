import type { NetworkDescription } from '../graph/index.js';
import { layersSchema } from '../layers/index.js';
import { kind, literal, object } from '../schema/index.js';
import type { ModelContext } from './model.js';

/** A network of one's own in a configuration: its layers as data. */
export const layersKind = kind(
  object({ kind: literal('layers'), layers: layersSchema }),
  ({ layers }, { input }: ModelContext): NetworkDescription => ({ input, layers }),
);
