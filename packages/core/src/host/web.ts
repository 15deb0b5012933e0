/** The library's host where it is a page, or a worker of the page's own. */
import { webHost } from './web-host.js';

/** Its threads run browser/index.js. Bundlers look for these very words; the name is web-host.ts's. */
export const host = webHost(
  () =>
    new Worker(new URL('../browser/index.js', import.meta.url), {
      type: 'module',
      name: '@bregman/core',
    }),
);
