export * from '@bregman/core/nn';
