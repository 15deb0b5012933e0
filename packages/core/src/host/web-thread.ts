/**
 * The library's host in the worker script that it brings for pages: further threads run the same script,
 * wherever a bundler has put it.
 */
import type { Host } from './host.js';
import { threadOf, webHost } from './web-common.js';

export const host: Host = {
  ...webHost,
  startThread: (data) => threadOf(new Worker(globalThis.location.href, { type: 'module' }), data),
};
