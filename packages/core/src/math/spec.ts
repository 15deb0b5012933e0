import { group } from './group.js';
import { l1, nonnegativeL1 } from './l1.js';
import { none } from './none.js';
import { nuclear } from './nuclear.js';
import type { GroupAxis, Regularizer } from './regularizer.js';
import { sparseGroup } from './sparse-group.js';

/** A regularizer as it stands in a configuration file or a checkpoint. */
export type RegularizerSpec =
  | { readonly kind: 'none' | 'l1' | 'nonnegative-l1' | 'nuclear' }
  | { readonly kind: 'group'; readonly by: GroupAxis }
  | { readonly kind: 'sparse-group'; readonly by: GroupAxis; readonly mix: number };

/**
 * Builds the regularizer that a specification names.
 *
 * @throws TypeError on an unknown kind, RangeError on a mix outside (0, 1).
 */
export function regularizerFrom(spec: RegularizerSpec): Regularizer {
  switch (spec.kind) {
    case 'none':
      return none();
    case 'l1':
      return l1();
    case 'nonnegative-l1':
      return nonnegativeL1();
    case 'group':
      return group(spec.by);
    case 'sparse-group':
      return sparseGroup(spec.by, spec.mix);
    case 'nuclear':
      return nuclear();
    default:
      throw new TypeError(`unknown regularizer: ${JSON.stringify(spec)}`);
  }
}
