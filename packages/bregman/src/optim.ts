export * from '@bregman/core/optim';
