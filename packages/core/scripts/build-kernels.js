// Compiles kernels/ to the builds that the engine chooses from at run time: with and without
// relaxed SIMD, each for memory that threads share and for memory that they cannot.
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import asc from 'assemblyscript/asc';

const instructions = { simd: 'simd', relaxed: 'simd,relaxed-simd' };
const memories = { shared: ['--enable', 'threads', '--sharedMemory'], single: [] };

// The decorator of a function is no TypeScript: in the kernels it is a comment.
const options = {
  async readFile(name, folder) {
    const text = await readFile(join(folder, name), 'utf8').catch(() => null);
    return text?.replaceAll('\n// @inline\n', '\n@inline\n') ?? null;
  },
};

await mkdir('build/engine/wasm', { recursive: true });
for (const [name, features] of Object.entries(instructions)) {
  for (const [kind, memory] of Object.entries(memories)) {
    const output = ['--outFile', `build/engine/wasm/${name}.${kind}.wasm`];
    const target = ['--enable', features, ...memory, '--runtime', 'stub'];
    const optimization = ['-O3', '--noAssert', '--converge'];
    // The first KiB is the engine's control block.
    const memoryLayout = ['--importMemory', '--memoryBase', '1024'];
    const memorySize = ['--initialMemory', '1', '--maximumMemory', '65536'];
    const flags = [output, target, optimization, memoryLayout, memorySize].flat();
    const { error, stderr } = await asc.main(['kernels/index.ts', ...flags], options);
    if (error) {
      console.error(`kernels, build ${name}.${kind}: ${error.message}\n${stderr.toString()}`);
      process.exit(1);
    }
  }
}
