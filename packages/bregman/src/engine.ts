export * from '@bregman/core/engine';
