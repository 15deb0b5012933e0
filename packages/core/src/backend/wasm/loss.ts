import {
  type Call,
  callPerBlock,
  LANES,
  type PlannedBuffer,
  type PlannedRecord,
  words,
} from '../../engine/index.js';
import { UserError } from '../../files/errors.js';
import { blocksOf, type Mode } from '../../graph/pass.js';
import { planTensor, type Tensor } from '../../lowering/planes.js';
import { sizeOf } from '../../math/index.js';
import type { LossName } from '../backend.js';

/** The end of a network: where targets come in and losses out. */
export interface LossPlan {
  readonly name: LossName;
  /** Class labels, one i32 a sample. */
  readonly labels: PlannedBuffer;
  /** Blocked target values, for the squared error. */
  readonly target: PlannedBuffer;
  /** One f32 a sample. */
  readonly losses: PlannedBuffer;
  /** One i32 a sample: 1 where the largest logit is the label's. */
  readonly hits: PlannedBuffer;
  /** Labels are smoothed in training only. */
  readonly calls: (mode: Mode) => readonly Call[];
}

/**
 * Plans the loss on a network's output, averaged over the samples of the batch.
 *
 * @param labelSmoothing for the cross-entropy
 * @throws {UserError} where the logits do not lie in one row
 */
export function planLoss(
  name: LossName,
  batch: PlannedRecord<'Batch'>,
  output: Tensor,
  samples: number,
  labelSmoothing = 0,
): LossPlan {
  const features = sizeOf(output.shape);
  if (name === 'cross-entropy' && output.layout.halo > 0) {
    throw new UserError('the output is laid out for a convolution: end in flatten()');
  }
  const blocks = blocksOf(samples);
  const capacity = blocks * LANES;
  const plan = {
    name,
    labels: words('labels', capacity),
    target: planTensor('target', output.layout, name === 'squared-error' ? blocks : 0),
    losses: words('losses', capacity),
    hits: words('hits', capacity),
  };
  const gradient = output.gradient!;
  const { labels, target, losses, hits } = plan;
  const call = (smoothing: number) =>
    name === 'cross-entropy'
      ? callPerBlock('softmaxCrossEntropy', {
          batch,
          classes: features,
          smoothing,
          logits: output.value,
          labels,
          gradient,
          losses,
          hits,
        })
      : callPerBlock('squaredError', {
          batch,
          features,
          lines: output.layout.block,
          output: output.value,
          target,
          gradient,
          losses,
        });
  return { ...plan, calls: (mode) => [call(mode === 'training' ? labelSmoothing : 0)] };
}
