export * from '@bregman/core/models';
