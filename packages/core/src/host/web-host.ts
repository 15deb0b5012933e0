import { UserError } from '../files/errors.js';
import type { Host, Thread } from './host.js';

/** The name of the library's own workers, by which their script knows what it is there for. */
export const THREAD_NAME = '@bregman/core';

/** Whether this is such a worker. */
export const isThread =
  typeof document === 'undefined' && (globalThis as { name?: unknown }).name === THREAD_NAME;

/**
 * A page or a worker as the library's host.
 *
 * @param startWorker runs browser/index.js in a worker of that name
 */
export function webHost(startWorker: () => Worker): Host {
  const isPage = typeof document !== 'undefined';
  return {
    readBytes,
    availableThreads: () => navigator.hardwareConcurrency || 1,
    whyOneThread,
    maySleep: !isPage,
    startThread: (data) => threadOf(startWorker(), data),
    receive(body) {
      globalThis.onmessage = ({ data }: MessageEvent) =>
        body(data, () => globalThis.postMessage('ready'));
    },
    startTraining: isPage ? (onFailure) => startTraining(startWorker, onFailure) : undefined,
    pause,
    peakMemoryBytes: () => undefined,
    thisMachine: () => ({
      processor: 'unknown processor',
      cores: navigator.hardwareConcurrency || 1,
      host: navigator.userAgent,
    }),
    // No page can ask for them.
    hasWideVectors: () => false,
    useWideVectors: () => false,
    whyNoWideVectors: () => 'only Node can ask its V8 for wide vectors',
  };
}

async function readBytes(url: URL): Promise<Uint8Array<ArrayBuffer>> {
  const fail = (problem: string): never => {
    throw new UserError(`cannot load ${url.href}: ${problem}`);
  };
  const response = await fetch(url).catch((error: Error) => fail(error.message));
  if (!response.ok) fail(`the server answers with HTTP status ${response.status}`);
  const body = await response.arrayBuffer().catch((error: Error) => fail(error.message));
  return new Uint8Array(body);
}

function whyOneThread(): string | undefined {
  if (typeof Worker === 'undefined') return 'this host has no workers';
  if (typeof SharedArrayBuffer !== 'undefined' && globalThis.crossOriginIsolated) return undefined;
  return (
    'the page is not cross-origin isolated: its server does not send the headers ' +
    'Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp'
  );
}

function threadOf(worker: Worker, data: unknown): Thread {
  const ready = new Promise<void>((resolve, reject) => {
    worker.onmessage = () => resolve();
    worker.onerror = (event) => reject(workerError(event));
  });
  worker.postMessage(data);
  return { ready, terminate: () => worker.terminate() };
}

function startTraining(startWorker: () => Worker, onFailure: (error: Error) => void): Worker {
  if (typeof Worker !== 'undefined') {
    const worker = startWorker();
    worker.onerror = (event) => onFailure(workerError(event));
    return worker;
  }
  throw new UserError(
    'this page cannot start workers, and training on its main thread would stop it; ' +
      'a Trainer can still be stepped by hand',
  );
}

/** What an error event of a worker reports. Where its script cannot be loaded, the event says nothing. */
function workerError({ message }: ErrorEvent): Error {
  if (message) return new Error(`a worker failed: ${message}`);
  return new UserError(
    'a worker could not start: its script, browser/index.js of @bregman/core, is not where this page ' +
      'looks for it, or comes without the header Cross-Origin-Embedder-Policy that the page has',
  );
}

/** By a message to itself: a timer would wait for some milliseconds each time. */
function pause(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}
