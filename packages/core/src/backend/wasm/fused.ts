/** The fused kernel of an optimizer step: which form of a method it runs, and with which numbers. */
import { type Call, call, type PlannedBuffer } from '../../engine/index.js';
import type { PlacedParameter } from '../../lowering/parameter.js';
import { groupsOf } from '../../math/groups.js';
import { type Regularizer, sizeOf } from '../../math/index.js';
import type { Hyperparameters, Method } from '../../optim/methods.js';

/** Number of words of the kernel's `Settings` record (kernels/optimizer.ts). */
export const SETTINGS_WORDS = 15;

/** The kernel's numbers of the updates. */
const updates = { plain: 0, averaged: 1, 'heavy-ball': 2, adam: 3 };

/** About as many weights as fit the first-level cache with gradient, subgradient and moments. */
const WEIGHTS_PER_TILE = 2048;

/** Whether the kernels can do a step of this method with this regularizer. */
export function isFused({ kernel }: Method, { form }: Regularizer): boolean {
  if (!kernel) return false;
  if (kernel.followsRegularizer) return form !== undefined && form.by !== 'columns';
  return form !== undefined || kernel.proxStep === undefined;
}

/** Writes what the kernel reads before step t of a parameter group. */
export function writeSettings(
  to: { floats: Float32Array; integers: Int32Array },
  method: Method,
  hyper: Hyperparameters,
  { form }: Regularizer,
  t: number,
  onSupport: boolean,
): void {
  const { learningRate, lambda, delta, momentum, epsilon } = hyper;
  // The kernel's float32 decays, so that the corrections fit the moments.
  const [beta1, beta2] = [Math.fround(hyper.beta1), Math.fround(hyper.beta2)];
  const kernel = method.kernel!;
  const proxStep = kernel.proxStep?.(hyper) ?? 0;
  const pull = kernel.followsRegularizer ? lambda : 0;
  to.floats.set([
    0,
    learningRate,
    momentum,
    beta1,
    beta2,
    epsilon,
    1 - beta1 ** t,
    Math.sqrt(1 - beta2 ** t),
    method.usesSubgradient ? delta : 1,
    proxStep * lambda * (form?.l1 ?? 0),
    proxStep * lambda * (form?.group ?? 0),
    0,
    pull * (form?.l1 ?? 0),
    pull * (form?.group ?? 0),
  ]);
  to.integers[0] = updates[kernel.update(hyper)];
  to.integers[11] = proxStep > 0 && form?.nonnegative ? 1 : 0;
  to.integers[14] = onSupport ? 1 : 0;
}

/** A parameter with the memory that its method keeps for it. */
export interface Slot {
  readonly settings: PlannedBuffer;
  readonly parameter: PlacedParameter;
  /** v of the Bregman methods. */
  readonly subgradient?: PlannedBuffer;
  readonly moments: readonly PlannedBuffer[];
}

/** The calls of one step on one parameter, up to the row counts. */
export function stepCalls(slot: Slot, { form }: Regularizer): Call[] {
  const { settings, parameter, subgradient, moments } = slot;
  const { rows, columns, shape, value, gradient, support } = parameter;
  const rowsPerTile = Math.max(1, Math.floor(WEIGHTS_PER_TILE / columns));
  const calls = [
    call(
      'optimizerStep',
      {
        ...{ settings, rows, columns, rowsPerTile },
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
