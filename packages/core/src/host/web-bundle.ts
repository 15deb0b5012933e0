/** The library's host in browser/index.js: threads run the same file, wherever a bundler has put it. */
import { THREAD_NAME, webHost } from './web-host.js';

/** Its threads run the file that this one has been bundled into. */
export const host = webHost(
  () => new Worker(import.meta.url, { type: 'module', name: THREAD_NAME }),
);
