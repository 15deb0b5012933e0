/** From a configuration to a trained network, in memory or in a run's folder. */
export * from '@bregman/core/train';
export * from '../runs/index.js';
