import { type Backend, WasmBackend } from '#lib/backend/index.js';
import { type Build, Engine, type Kernels, loadKernels } from '#lib/engine/index.js';
import { builds } from '../engine/builds.js';

/** A form of the engine. */
export interface Form {
  readonly build: Build;
  /** `shared` memory is what several threads work on. */
  readonly memory: 'single' | 'shared';
  readonly threads: number;
}

/** All forms that this host can run. */
export const forms: readonly Form[] = builds
  .filter(({ skip }) => !skip)
  .flatMap(({ build }): Form[] => [
    { build, memory: 'single', threads: 1 },
    { build, memory: 'shared', threads: 1 },
    { build, memory: 'shared', threads: 2 },
  ]);

/** Backends to be used by one trial after the other: an engine's memory only grows. */
export class Backends {
  readonly #kernels = new Map<string, Promise<Kernels>>();
  readonly #open = new Map<string, Promise<WasmBackend>>();

  /** One for the networks that a trial looks at. */
  subjects({ build, memory, threads }: Form): Promise<WasmBackend> {
    return this.#get(`${build} ${memory} ${threads}`, () => this.#create(build, memory, threads));
  }

  /** One of the same build for fresh networks, on one thread. */
  async fresh({ build }: Form): Promise<Backend> {
    const key = `fresh ${build}`;
    const open = () => this.#get(key, () => this.#create(build, 'single', 1));
    const backend = await open();
    if (backend.engine.usedBytes < MOST_BYTES) return backend;
    backend.close();
    this.#open.delete(key);
    return open();
  }

  /** Begins with new engines. */
  async renew(): Promise<void> {
    for (const backend of this.#open.values()) (await backend).close();
    this.#open.clear();
  }

  #get(key: string, create: () => Promise<WasmBackend>): Promise<WasmBackend> {
    const found = this.#open.get(key);
    if (found) return found;
    const created = create();
    this.#open.set(key, created);
    return created;
  }

  async #create(build: Build, memory: Form['memory'], threads: number): Promise<WasmBackend> {
    const key = `${build} ${memory}`;
    const kernels = this.#kernels.get(key) ?? loadKernels(memory === 'shared', build);
    this.#kernels.set(key, kernels);
    return new WasmBackend(await Engine.create({ kernels: await kernels, threads }));
  }
}

const MOST_BYTES = 2 ** 27;
