/**
 * WebAssembly has vectors of 128 bits. V8 can join two neighbours to one of 256 where the processor has AVX2
 * ("revectorization"): half the instructions for the same bits. It is off by default, and a flag of the whole
 * process, in V8's words experimental.
 */
import { isNode } from './platform.js';

const FLAG = '--experimental-wasm-revectorize';
/** Those of Node 22, 24 and 25, with which our tests have run: nobody promises anything of others. */
const TESTED_V8 = /^(12\.4|13\.6|14\.1)\./;

/** Mirrors a flag of the process that cannot be asked for. */
let isOn = isNode && process.execArgv.includes(FLAG);

/** Whether V8 has been asked for wide vectors. */
export function hasWideVectors(): boolean {
  return isOn;
}

/**
 * Asks V8 for vectors of 256 bits in all WebAssembly that this process compiles from now on; to be called
 * before the first engine is made. Does nothing elsewhere than in the versions of Node with which it was tested.
 *
 * @returns whether there will be wide vectors, if the processor has them
 */
export async function useWideVectors(): Promise<boolean> {
  if (isOn || !isNode || !TESTED_V8.test(process.versions.v8)) return isOn;
  const { v8_enable_wasm_simd256_revec: isBuiltIn } = process.config.variables as {
    [key: string]: unknown;
  };
  if (isBuiltIn !== 1) return false;
  const { setFlagsFromString } = await import('node:v8');
  setFlagsFromString(FLAG);
  isOn = true;
  return true;
}
