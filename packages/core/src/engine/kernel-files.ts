import { host } from '#host';
import { UserError } from '../files/errors.js';

/** `relaxed` may fuse a multiplication and an addition, `simd` runs everywhere. */
export type Build = 'relaxed' | 'simd';

/** The kernels, compiled. Threads can be handed them. */
export interface Kernels {
  readonly build: Build;
  /** Whether for a memory that several threads share. */
  readonly shared: boolean;
  readonly module: WebAssembly.Module;
}

// Bundlers look for these very words. The same path leads there from this file and from browser/.
const files = {
  relaxed: {
    shared: () => new URL('../engine/wasm/relaxed.shared.wasm', import.meta.url),
    single: () => new URL('../engine/wasm/relaxed.single.wasm', import.meta.url),
  },
  simd: {
    shared: () => new URL('../engine/wasm/simd.shared.wasm', import.meta.url),
    single: () => new URL('../engine/wasm/simd.single.wasm', import.meta.url),
  },
} as const;

/**
 * The smallest modules that need what a build needs: (func (result v128) i32.const 0, i8x16.splat,
 * i8x16.popcnt), and the same with relaxed i8x16.swizzle.
 */
const probes: Readonly<Record<Build, readonly number[]>> = {
  simd: [1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11],
  relaxed: [
    1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 15, 1, 13, 0, 65, 1, 253, 15, 65, 2, 253, 15, 253, 128,
    2, 11,
  ],
};
/** `\0asm` and the version. */
const MAGIC = [0, 97, 115, 109, 1, 0, 0, 0];

/**
 * Loads and compiles the kernels.
 *
 * @param wanted by default `relaxed` where the host can, else `simd`
 * @throws {UserError} the host lacks what they need, or their file is missing, damaged or something else
 */
export async function loadKernels(shared: boolean, wanted?: Build): Promise<Kernels> {
  const build = chooseBuild(wanted);
  const url = files[build][shared ? 'shared' : 'single']();
  const bytes = await host.readBytes(url);
  const fail = (problem: string, error?: unknown): never => {
    throw new UserError(`the kernels at ${url.href} cannot be used: ${problem}`, { cause: error });
  };
  if (bytes[0] === 0x3c) fail('the server sends a page of HTML or XML in place of the file');
  if (MAGIC.some((byte, i) => bytes[i] !== byte)) fail('it is not a WebAssembly file');
  const module = await WebAssembly.compile(bytes).catch((error: Error) =>
    fail(`the file of ${bytes.length} bytes is cut off or damaged: ${error.message}`, error),
  );
  return { build, shared, module };
}

function chooseBuild(wanted?: Build): Build {
  const build = wanted ?? (runs('relaxed') ? 'relaxed' : 'simd');
  if (runs(build)) return build;
  throw new UserError(
    `this JavaScript engine cannot run the ${build} build of the kernels: WebAssembly ` +
      (build === 'relaxed' ? 'relaxed SIMD needs Node 22 or later' : 'SIMD is missing'),
  );
}

/** Why no build of the kernels can run here; undefined where one can. */
export function whyNoKernels(): string | undefined {
  return runs('simd') ? undefined : 'this JavaScript engine has no WebAssembly SIMD';
}

function runs(build: Build): boolean {
  if (typeof WebAssembly === 'undefined') return false;
  return WebAssembly.validate(Uint8Array.from([...MAGIC, ...probes[build]]));
}
