/** The library's host in browser/index.js: threads run the same file, wherever a bundler has put it. */
import { THREAD_NAME, webHost } from './web-host.js';

export const host = webHost(
  () => new Worker(import.meta.url, { type: 'module', name: THREAD_NAME }),
);
