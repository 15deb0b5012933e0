import { Engine, type EngineOptions } from '../../engine/index.js';
import type { NetworkDescription } from '../../graph/description.js';
import type { Backend, CompileOptions, MemoryBudget } from '../backend.js';
import { memoryUse } from './memory-use.js';
import { WasmNetwork } from './network.js';

export { type MemoryUse, memoryUse } from './memory-use.js';
export { WasmNetwork } from './network.js';

/**
 * Runs networks on the kernels of an engine. Networks answer at once.
 *
 * ```ts
 * import { initialize, linear, network, denseStart, relu, WasmBackend } from '@bregman/core';
 *
 * const backend = await WasmBackend.create({ threads: 2 });
 * const net = backend.compile(network([4], [linear(8), relu(), linear(3)]), { batchSize: 16 });
 * initialize(net, 0, () => denseStart);
 * console.log(net.predict(Float32Array.of(1, 2, 3, 4)));
 * backend.close();
 * ```
 */
export class WasmBackend implements Backend {
  readonly name = 'wasm';
  readonly engine: Engine;

  /** Compiles the kernels and starts the threads. */
  static async create(options: EngineOptions = {}): Promise<WasmBackend> {
    return new WasmBackend(await Engine.create(options));
  }

  constructor(engine: Engine) {
    this.engine = engine;
  }

  get threads(): number {
    return this.engine.threads;
  }

  compile(description: NetworkDescription, options: CompileOptions): WasmNetwork {
    return new WasmNetwork(this, this.engine, description, options);
  }

  memory(description: NetworkDescription, options: CompileOptions, arrays: number): MemoryBudget {
    const { engine } = this;
    const use = memoryUse(description, options);
    const scratch = use.scratch > engine.scratchBytes ? use.scratch * engine.threads : 0;
    return {
      needed: use.network + arrays * use.parameters + scratch,
      free: engine.maximumBytes - engine.usedBytes,
    };
  }

  close(): void {
    this.engine.close();
  }
}
