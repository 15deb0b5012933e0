/** The machine that the kernels run on, as far as the host tells. */
import { host } from '#host';
import type { Machine } from '../host/host.js';

export type { Machine };

/** This machine. */
export function thisMachine(): Machine {
  return host.thisMachine();
}

/** The most memory that this process has held, in bytes; undefined where nobody counts it, as in a page. */
export function peakMemoryBytes(): number | undefined {
  return host.peakMemoryBytes();
}

/** Whether V8 has been asked for vectors of 256 bits. */
export function hasWideVectors(): boolean {
  return host.hasWideVectors();
}

/**
 * Asks V8 for vectors of 256 bits in all WebAssembly that this process compiles from now on; to be called
 * before the first engine is made. Does nothing but in the versions of Node with which it was tested.
 *
 * @returns whether there will be wide vectors, if the processor has them
 */
export function useWideVectors(): boolean {
  return host.useWideVectors();
}

/** Why {@link useWideVectors} does nothing here, in half a sentence; undefined where it does. */
export function whyNoWideVectors(): string | undefined {
  return host.whyNoWideVectors();
}
