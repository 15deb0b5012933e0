/**
 * The library's host in the worker script that it brings for pages: further threads run the same script,
 * wherever a bundler has put it.
 */
import { webHost } from './web-host.js';

export const host = webHost(() => new Worker(globalThis.location.href, { type: 'module' }));
