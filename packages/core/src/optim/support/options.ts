/** What several support policies are told, each with its range and what holds unless told. */
import { number, optional, whole, withDefault } from '../../schema/index.js';
import { budgetRule } from '../budget.js';
import type { SupportContext } from './policy.js';

/** Of every policy. */
export const supportOptions = {
  /** Live weights / weights, over all layers, in (0, 1]; where it falls, at the end. */
  density: number(0, 1, { open: true }),
  /** How the live weights are shared out among the layers. */
  budget: withDefault(budgetRule, 'erk'),
  /** Multiplies the start, which is He-normal for the live inputs. */
  gain: withDefault(number(0, Infinity, { open: true }), 1),
};

/** When a support changes. */
export const changeOptions = {
  /** Steps between two changes. */
  everySteps: withDefault(whole(1), 100),
  /** The share of the run after which the support stays as it is. */
  until: withDefault(number(0, 1, { open: true }), 0.75),
  /** Length of the run; that of the configuration unless told. */
  epochs: optional(whole(1)),
};

/** Of policies that drop as many weights as they grow. */
export const rewireOptions = {
  ...supportOptions,
  ...changeOptions,
  /** The share of a layer's live weights that a change drops, at most 1. */
  fraction: withDefault(number(0, 1, { open: true }), 0.3),
};

/** Steps of the run before the support stays as it is; a run that is made longer keeps them. */
export function stepsUntil(
  { until, epochs }: { readonly until: number; readonly epochs?: number },
  run: SupportContext,
): number {
  return until * (epochs ?? run.epochs) * run.stepsPerEpoch;
}
