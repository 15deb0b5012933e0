/** The library's host where it is a page, or a worker of the page's own. */
import type { Host } from './host.js';
import { threadOf, webHost } from './web-common.js';

export const host: Host = {
  ...webHost,
  // Bundlers look for these very words. The same path leads there from this file and from the bundle.
  startThread: (data) =>
    threadOf(
      new Worker(new URL('../browser/thread.js', import.meta.url), { type: 'module' }),
      data,
    ),
};
