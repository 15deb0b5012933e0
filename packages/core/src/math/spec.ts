import { family, type Input, validate } from '../schema/index.js';
import { groupKind } from './group.js';
import { l1Kind, nonnegativeL1Kind } from './l1.js';
import { noneKind } from './none.js';
import { nuclearKind } from './nuclear.js';
import type { Regularizer } from './regularizer.js';
import { sparseGroupKind } from './sparse-group.js';

/** All regularizers. A new one is a file beside these and a line here. */
export const regularizers = family([
  noneKind,
  l1Kind,
  nonnegativeL1Kind,
  nuclearKind,
  groupKind,
  sparseGroupKind,
]);

/** A regularizer as it stands in a configuration file or a checkpoint, such as `{ kind: 'l1' }`. */
export type RegularizerSpec = Input<typeof regularizers.schema>;

/**
 * Builds the regularizer that a specification names.
 *
 * @throws {ConfigError} an unknown kind, or numbers and groups that it does not know
 */
export function regularizerFrom(spec: RegularizerSpec): Regularizer {
  return regularizers.build(validate(regularizers.schema, spec, 'regularizer'));
}
