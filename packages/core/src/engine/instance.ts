import { kernelNames } from './program.js';

/** A compiled kernel: it gets its record of arguments and the number of the tile to do. */
type KernelFunction = (args: number, tile: number) => void;

/** The kernels as one thread calls them. */
export interface Instance {
  /** In the order of `kernelNames`. */
  readonly kernels: readonly KernelFunction[];
  /** Tells the kernels where this thread's own memory begins. */
  bindScratch(start: number): void;
}

/** Instantiates the kernels on a memory; every thread has its own instance. */
export function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory): Instance {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  return {
    kernels: kernelNames.map((name) => exports[name] as KernelFunction),
    bindScratch: exports.bindScratch as (start: number) => void,
  };
}
