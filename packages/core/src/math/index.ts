/** The paper as pure functions on Float32Array: regularizers, Bregman distance, random streams. */
export { bregmanDistance, elasticNet } from './bregman-distance.js';
export { group } from './group.js';
export { l1, nonnegativeL1 } from './l1.js';
export { none } from './none.js';
export { nuclear } from './nuclear.js';
export { type RandomStream, stream } from './random.js';
export * from './regularizer.js';
export { scaled } from './scaled.js';
export { sparseGroup } from './sparse-group.js';
export { type RegularizerSpec, regularizerFrom, regularizers } from './spec.js';
