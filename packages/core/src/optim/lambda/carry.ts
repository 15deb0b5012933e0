/** How a policy moves λ: alone, or with v. */
import { truth, withDefault } from '../../schema/index.js';
import type { Soon } from '../../soon.js';
import type { LambdaView } from './policy.js';

/** Whether v moves with λ where weights live, so that a move of λ on its own moves no weight. */
export const carry = withDefault(truth, false);

/** Moves λ, with v where it is carried; alone, the next prox moves every weight by what λ moved. */
export function moveTo(view: LambdaView, lambda: number, carries: boolean): Soon<void> {
  if (carries) return view.carryTo(lambda);
  view.lambda = lambda;
}
