import { type Backend, PlainBackend, WasmBackend } from '../backend/index.js';
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
  const opened = runsPlain({ backend, ...engine })
    ? new PlainBackend()
    : await WasmBackend.create(engine);
  return { backend: opened, close: () => opened.close() };
}

/** Whether the options lead to plain TypeScript. */
export function runsPlain({ backend, build, kernels }: BackendOptions & EngineOptions): boolean {
  if (backend !== undefined) return backend === 'plain';
  return build === undefined && kernels === undefined && whyNoKernels() !== undefined;
}
