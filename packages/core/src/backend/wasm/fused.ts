/** The fused kernel of an optimizer step: which form of a method it runs, and with which numbers. */
import {
  type Call,
  call,
  type Fields,
  type PlannedBuffer,
  type PlannedRecord,
  Update,
} from '../../engine/index.js';
import type { PlacedParameter } from '../../lowering/parameter.js';
import { groupsOf } from '../../math/groups.js';
import { type Regularizer, sizeOf } from '../../math/index.js';
import type { Method } from '../../optim/methods.js';
import { LEAST_ALIVE } from '../../optim/support/index.js';
import type { StepGroup } from '../backend.js';

const updates = {
  plain: Update.plain,
  averaged: Update.averaged,
  'heavy-ball': Update.heavyBall,
  adam: Update.adam,
};

/** About as many weights as fit the first-level cache with gradient, subgradient and moments. */
const WEIGHTS_PER_TILE = 2048;

/** Whether the kernels can do a step of this method with this regularizer. */
export function isFused({ kernel }: Method, { form }: Regularizer): boolean {
  if (!kernel) return false;
  if (kernel.followsRegularizer) return form !== undefined && form.by !== 'columns';
  return form !== undefined || kernel.proxStep === undefined;
}

/** What the kernel reads in step t of a parameter group. */
export function settingsOf(
  { method, hyper, regularizer: { form }, keepsAlive }: StepGroup,
  t: number,
  onSupport: boolean,
): Fields<'Settings'> {
  const { learningRate, lambda, delta, momentum, epsilon } = hyper;
  // The kernel's float32 decays, so that the corrections fit the moments.
  const beta1 = Math.fround(hyper.beta1);
  const beta2 = Math.fround(hyper.beta2);
  const kernel = method.kernel!;
  const proxStep = kernel.proxStep?.(hyper) ?? 0;
  const pull = kernel.followsRegularizer ? lambda : 0;
  return {
    update: updates[kernel.update(hyper)],
    learningRate,
    momentum,
    beta1,
    beta2,
    epsilon,
    correction1: 1 - beta1 ** t,
    correction2: Math.sqrt(1 - beta2 ** t),
    scale: method.usesSubgradient ? delta : 1,
    entryThreshold: proxStep * lambda * (form?.l1 ?? 0),
    groupThreshold: proxStep * lambda * (form?.group ?? 0),
    nonnegative: proxStep > 0 && form?.nonnegative ? 1 : 0,
    entrySubgradient: pull * (form?.l1 ?? 0),
    groupSubgradient: pull * (form?.group ?? 0),
    onSupport: onSupport ? 1 : 0,
    leastAlive: onSupport && keepsAlive ? LEAST_ALIVE : 0,
  };
}

/** A parameter with the memory that its method keeps for it. */
export interface Slot {
  readonly parameter: PlacedParameter;
  /** v of the Bregman methods. */
  readonly subgradient?: PlannedBuffer;
  readonly moments: readonly PlannedBuffer[];
}

/** The calls of one step on one parameter, up to the row counts. */
export function stepCalls(
  settings: PlannedRecord<'Settings'>,
  { parameter, subgradient, moments }: Slot,
  { form }: Regularizer,
): Call[] {
  const { rows, columns, shape, value, gradient, support } = parameter;
  const rowsPerTile = Math.max(1, Math.floor(WEIGHTS_PER_TILE / columns));
  const calls = [
    call(
      'optimizerStep',
      {
        settings,
        rows,
        columns,
        rowsPerTile,
        groupSize: groupSizeOf(parameter, form?.by),
        theta: value,
        moved: subgradient ?? value,
        gradient,
        firstMoment: moments[0],
        secondMoment: moments[1],
        support: support?.header,
      },
      Math.ceil(rows / rowsPerTile),
    ),
  ];
  if (form?.by !== 'columns') return calls;
  const { count, inner: depth } = groupsOf(shape, 'columns');
  return [...calls, call('shrinkColumns', { settings, rows, columns, depth, theta: value }, count)];
}

/** Entries of a group that lies in one piece; 0 where there is none. */
function groupSizeOf({ columns, shape }: PlacedParameter, by?: string): number {
  if (by === 'rows' || by === 'filters') return columns;
  if (by === 'kernels') return sizeOf(shape.slice(2));
  return 0;
}
