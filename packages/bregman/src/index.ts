/** Sparse neural networks, trained from scratch by Bregman iterations: the core, data sets and run folders. */
export * from '@bregman/core';
export * from './data/index.js';
export * from './runs/index.js';
