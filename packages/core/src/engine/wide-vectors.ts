/**
 * WebAssembly has vectors of 128 bits. V8 can join two neighbours to one of 256 where the processor has AVX2
 * ("revectorization"): half the instructions for the same bits. It is off by default, and a flag of the whole
 * process, in V8's words experimental.
 */
import { isNode } from './platform.js';

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
let isOn = isNode && process.execArgv.includes(REVECTORIZE);

/** Whether V8 has been asked for wide vectors. */
export function hasWideVectors(): boolean {
  return isOn;
}

/**
 * Asks V8 for vectors of 256 bits in all WebAssembly that this process compiles from now on; to be called
 * before the first engine is made. Does nothing but in the versions of Node with which it was tested.
 *
 * @returns whether there will be wide vectors, if the processor has them
 */
export async function useWideVectors(): Promise<boolean> {
  if (isOn || whyNoWideVectors() !== undefined) return isOn;
  const { setFlagsFromString } = await import('node:v8');
  for (const flag of [REVECTORIZE, NO_INLINING]) setFlagsFromString(flag);
  isOn = true;
  return true;
}

/** Why `useWideVectors` does nothing here, in half a sentence; undefined where it does. */
export function whyNoWideVectors(): string | undefined {
  if (!isNode) return 'only Node can ask its V8 for wide vectors';
  const version = process.versions.v8.split('.', 3).join('.');
  const names = `V8 ${version} of Node ${process.version}`;
  // Older ones do not know the flag, nor do builds for other processors.
  const variables = process.config.variables as unknown as Readonly<Record<string, unknown>>;
  if (variables.v8_enable_wasm_simd256_revec !== 1) return `${names} has no wide vectors`;
  if (!TESTED.includes(version)) return `${names} is not tested with wide vectors`;
  return undefined;
}
