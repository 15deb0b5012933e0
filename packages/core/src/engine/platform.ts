/** What differs between Node and browsers: reading a file beside this module, and threads. */

/** Also of what imitates Node. */
export const isNode = typeof process !== 'undefined' && process.versions?.node !== undefined;

/** A started thread. */
export interface Thread {
  /** Resolves when the thread has posted its first message; rejects where it failed to start. */
  readonly ready: Promise<void>;
  terminate(): void;
}

/** The bytes of a file of this package. */
export async function readBytes(url: URL): Promise<Uint8Array<ArrayBuffer>> {
  if (isNode) {
    const { readFile } = await import('node:fs/promises');
    return new Uint8Array(await readFile(url));
  }
  const response = await fetch(url);
  if (!response.ok) throw new Error(`cannot load ${url.pathname}: HTTP status ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

/** How many threads this machine runs at once. */
export async function availableThreads(): Promise<number> {
  if (!isNode) return navigator.hardwareConcurrency || 1;
  const { availableParallelism } = await import('node:os');
  return availableParallelism();
}

/** Whether several threads can work on one memory here. */
export function canShareMemory(): boolean {
  return typeof SharedArrayBuffer !== 'undefined' && (isNode || globalThis.crossOriginIsolated);
}

/** Whether this thread may block: all but a browser's main thread. */
export function maySleep(): boolean {
  return isNode || typeof (globalThis as { importScripts?: unknown }).importScripts === 'function';
}

/** Starts `worker.js` with `data`. It does not keep a Node process alive. */
export async function startThread(url: URL, data: unknown): Promise<Thread> {
  if (!isNode) return startWebWorker(url, data);
  const { Worker } = await import('node:worker_threads');
  const worker = new Worker(url, { workerData: data, execArgv: [] });
  const ready = new Promise<void>((resolve, reject) => {
    worker.once('message', () => {
      worker.unref();
      resolve();
    });
    worker.once('error', reject);
    worker.once('exit', () => reject(new Error('a thread ended before it was ready')));
  });
  return { ready, terminate: () => void worker.terminate() };
}

function startWebWorker(url: URL, data: unknown): Thread {
  const worker = new Worker(url, { type: 'module' });
  const ready = new Promise<void>((resolve, reject) => {
    worker.onmessage = () => resolve();
    worker.onerror = (event) => reject(new Error(`thread: ${event.message}`));
  });
  worker.postMessage(data);
  return { ready, terminate: () => worker.terminate() };
}

/** Runs in a started thread: calls `body` with the data and a function that reports readiness. */
export async function receiveInThread<Data>(
  body: (data: Data, ready: () => void) => void,
): Promise<void> {
  if (isNode) {
    const { parentPort, workerData } = await import('node:worker_threads');
    body(workerData as Data, () => parentPort?.postMessage('ready'));
  } else {
    globalThis.onmessage = (event: MessageEvent) =>
      body(event.data as Data, () => globalThis.postMessage('ready'));
  }
}

/** The most memory that this process has held; undefined where nobody counts it. */
export function peakMemoryBytes(): number | undefined {
  return isNode ? process.resourceUsage().maxRSS * 1024 : undefined;
}

/** A machine that a run was trained on. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  /** What ran the program, with its version. */
  readonly host: string;
}

/** This machine. */
export async function thisMachine(): Promise<Machine> {
  if (!isNode) {
    const cores = navigator.hardwareConcurrency || 1;
    return { processor: 'unknown processor', cores, host: navigator.userAgent };
  }
  const { cpus } = await import('node:os');
  const processors = cpus();
  return {
    processor: processors[0]?.model.trim() ?? 'unknown processor',
    cores: processors.length,
    host: `Node ${process.version}`,
  };
}
