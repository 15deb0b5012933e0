/** What pages and their workers have in common as hosts. */
import { UserError } from '../files/errors.js';
import type { Host, Thread } from './host.js';

/** All but the start of threads, which differs in where their script lies. */
export const webHost: Omit<Host, 'startThread'> = {
  readBytes,
  availableThreads: () => navigator.hardwareConcurrency || 1,
  whyOneThread() {
    if (typeof Worker === 'undefined') return 'this host has no workers';
    if (typeof SharedArrayBuffer !== 'undefined' && globalThis.crossOriginIsolated)
      return undefined;
    return (
      'the page is not cross-origin isolated: its server does not send the headers ' +
      'Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp'
    );
  },
  maySleep: typeof (globalThis as { importScripts?: unknown }).importScripts === 'function',
  receive(body) {
    globalThis.onmessage = ({ data }: MessageEvent) =>
      body(data, () => globalThis.postMessage('ready'));
  },
  pause: () =>
    // A timer would wait for some milliseconds each time.
    new Promise((resolve) => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => {
        port1.close();
        resolve();
      };
      port2.postMessage(undefined);
    }),
  peakMemoryBytes: () => undefined,
  thisMachine: () => ({
    processor: 'unknown processor',
    cores: navigator.hardwareConcurrency || 1,
    host: navigator.userAgent,
  }),
  // No page can ask for them.
  hasWideVectors: () => false,
  useWideVectors: () => false,
};

async function readBytes(url: URL): Promise<Uint8Array<ArrayBuffer>> {
  const fail = (problem: string): never => {
    throw new UserError(`cannot load ${url.href}: ${problem}`);
  };
  const response = await fetch(url).catch((error: Error) => fail(error.message));
  if (!response.ok) fail(`the server answers with HTTP status ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

/** What runs in a started worker, as its starter sees it. */
export function threadOf(worker: Worker, data: unknown): Thread {
  const ready = new Promise<void>((resolve, reject) => {
    worker.onmessage = () => resolve();
    worker.onerror = (event) => reject(workerError(event));
  });
  worker.postMessage(data);
  return { ready, terminate: () => worker.terminate() };
}

/** Of a script that cannot be loaded, the event says nothing. */
export function workerError({ message }: ErrorEvent): Error {
  if (message) return new Error(`a thread failed: ${message}`);
  return new UserError(
    'a thread could not start: its script, browser/thread.js of @bregman/core, is not where this page ' +
      'looks for it, or came without the header Cross-Origin-Embedder-Policy that the page has',
  );
}
