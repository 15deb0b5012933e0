/** Networks as plain data, their layers, and what runs them. */
export * from '@bregman/core/backend';
export * from '@bregman/core/graph';
export * from '@bregman/core/layers';
