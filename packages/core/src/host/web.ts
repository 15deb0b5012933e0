/** The library's host where it is a page, or a worker of the page's own. */
import { webHost } from './web-host.js';

export const host = webHost(
  // Bundlers look for these very words. The same path leads there from this file and from browser/.
  () => new Worker(new URL('../browser/thread.js', import.meta.url), { type: 'module' }),
);
