/** Samples in memory: of one's own arrays, split, shuffled, augmented, corrupted to be restored. */
export { type Augmentation, type AugmentSample, augment, cutOut } from './augment.js';
export type { BatchPlace, BatchSource, TargetKind } from './batches.js';
export { relabeled } from './classes.js';
export { decodeIdx, type IdxArray } from './idx.js';
export { measure, type Normalization } from './normalization.js';
export { blurPlanes, type Restoration, restoration } from './restoration.js';
export { type Dataset, type Labels, type Samples, samples, type Targets } from './samples.js';
export { shuffled, split, splitByClass } from './split.js';
export { type SampleCounts, subset } from './subset.js';
