export * from '@bregman/core/math';
