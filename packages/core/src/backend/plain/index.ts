import type { NetworkDescription } from '../../graph/description.js';
import { resolve } from '../../layers/index.js';
import { sizeOf } from '../../math/index.js';
import type { Backend, CompileOptions, MemoryBudget } from '../backend.js';
import { PlainNetwork } from './network.js';

export { PlainNetwork } from './network.js';

/**
 * Runs networks in TypeScript alone, on one thread, by the specification of each layer: for hosts without
 * WebAssembly SIMD, and to compare with. Networks answer at once.
 */
export class PlainBackend implements Backend {
  readonly name = 'plain';
  readonly threads = 1;

  compile(description: NetworkDescription, options: CompileOptions): PlainNetwork {
    return new PlainNetwork(this, description, options);
  }

  /** Values and gradients of all tensors; what comes and goes within a layer is not counted. */
  memory(
    description: NetworkDescription,
    { batchSize }: CompileOptions,
    arrays: number,
  ): MemoryBudget {
    const layers = resolve(description);
    const features = sizeOf(description.input) + sumOf(layers, (each) => sizeOf(each.outputShape));
    const parameters = sumOf(layers, (each) =>
      sumOf(Object.values(each.parameters), ({ shape }) => sizeOf(shape)),
    );
    const needed = 4 * (2 * batchSize * features + (2 + arrays) * parameters);
    return { needed, free: Number.POSITIVE_INFINITY };
  }

  /** There is nothing to give back. */
  close(): void {}
}

function sumOf<T>(items: readonly T[], numberOf: (item: T) => number): number {
  return items.reduce((sum, item) => sum + numberOf(item), 0);
}
