/** The library's host where it is Node, or what imitates it: the only file that uses Node's modules. */
import { fileError } from '../files/errors.js';
import type { Host, Thread } from './host.js';

/** Node, or what imitates it. */
export const host: Host = {
  async readBytes(url) {
    try {
      return new Uint8Array(await files().readFile(url));
    } catch (error) {
      throw fileError(error, 'read', urls().fileURLToPath(url));
    }
  },
  availableThreads: () => system().availableParallelism(),
  whyOneThread: () =>
    typeof SharedArrayBuffer === 'undefined' ? 'there is no SharedArrayBuffer' : undefined,
  maySleep: true,
  startThread,
  receive(body) {
    const { parentPort, workerData } = threads();
    body(workerData, () => parentPort?.postMessage('ready'));
  },
  startTraining: undefined,
  pause: () => new Promise((resolve) => setImmediate(resolve)),
  peakMemoryBytes: () => process.resourceUsage().maxRSS * 1024,
  thisMachine() {
    const processors = system().cpus();
    return {
      processor: processors[0]?.model.trim() ?? 'unknown processor',
      cores: processors.length,
      host: `Node ${process.version}`,
    };
  },
  hasWideVectors: () => isWide,
  useWideVectors,
  whyNoWideVectors,
};

// Modules that only some calls need: each costs every command some milliseconds.
const files = () => process.getBuiltinModule('node:fs/promises');
const system = () => process.getBuiltinModule('node:os');
const urls = () => process.getBuiltinModule('node:url');
const threads = () => process.getBuiltinModule('node:worker_threads');
const v8 = () => process.getBuiltinModule('node:v8');

function startThread(data: unknown): Thread {
  const { Worker } = threads();
  const url = new URL('../engine/worker.js', import.meta.url);
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

/*
 * WebAssembly has vectors of 128 bits. V8 can join two neighbours to one of 256 where the processor has AVX2
 * ("revectorization"): half the instructions for the same bits. It is off by default, and a flag of the whole
 * process, in V8's words experimental.
 */

const REVECTORIZE = '--experimental-wasm-revectorize';
/**
 * Without inlining, which goes by how often functions were called, what V8 makes of a function depends on its
 * code alone: what compiles in the tests compiles everywhere.
 */
const NO_INLINING = '--no-wasm-inlining';
/**
 * Versions of V8, those of Node 24, 25 and 26, with which all tests passed (`npm run test:wide`): that of Node 22
 * joins nothing of ours.
 */
const TESTED: readonly string[] = ['13.6.233', '14.1.146', '14.6.202'];

/** Mirrors flags of the process that cannot be asked for. */
let isWide = process.execArgv.includes(REVECTORIZE);

function useWideVectors(): boolean {
  if (isWide || whyNoWideVectors() !== undefined) return isWide;
  for (const flag of [REVECTORIZE, NO_INLINING]) v8().setFlagsFromString(flag);
  isWide = true;
  return true;
}

function whyNoWideVectors(): string | undefined {
  // What imitates Node may lack either.
  const version = process.versions.v8?.split('.', 3).join('.');
  const names = `V8 ${version} of Node ${process.version}`;
  // Older ones do not know the flag, nor do builds for other processors.
  const variables = process.config?.variables as unknown as Readonly<Record<string, unknown>>;
  if (variables?.v8_enable_wasm_simd256_revec !== 1) return `${names} has no wide vectors`;
  if (!TESTED.includes(version)) return `${names} is not tested with wide vectors`;
  return undefined;
}
