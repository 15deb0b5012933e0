export { train } from '@bregman/core';
