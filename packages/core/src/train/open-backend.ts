import { type Backend, WasmBackend } from '../backend/index.js';
import { type EngineOptions, whyNoKernels } from '../engine/index.js';

/** What runs a network. */
export interface BackendOptions {
  /**
   * `wasm`: the kernels in WebAssembly, on several threads; `plain`: TypeScript alone, on one thread and many
   * times slower; or one of your own, which stays open. By default `wasm`, and `plain` where the host has no
   * WebAssembly SIMD, unless `build` asks for kernels.
   */
  readonly backend?: 'wasm' | 'plain' | Backend | undefined;
}

/** A backend that is ready; `close` leaves one alone that was given. */
export interface OpenBackend {
  readonly backend: Backend;
  close(): void;
}

/**
 * Opens the backend that the options ask for.
 *
 * @throws {UserError} they ask for kernels, and the host lacks what these need
 */
export async function openBackend({
  backend,
  ...engine
}: BackendOptions & EngineOptions): Promise<OpenBackend> {
  if (typeof backend === 'object') return { backend, close: () => {} };
  const opened = await (runsPlain({ backend, ...engine })
    ? createPlain()
    : WasmBackend.create(engine));
  return { backend: opened, close: () => opened.close() };
}

/** Loaded where it is needed: most programs never do. */
async function createPlain(): Promise<Backend> {
  const { PlainBackend } = await import('../backend/plain/index.js');
  return new PlainBackend();
}

/** Whether the options lead to plain TypeScript. */
export function runsPlain({ backend, build, kernels }: BackendOptions & EngineOptions): boolean {
  if (backend !== undefined) return backend === 'plain';
  return build === undefined && kernels === undefined && whyNoKernels() !== undefined;
}
