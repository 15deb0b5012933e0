// Compiles kernels/ to the builds that the engine chooses from at run time: with and without
// relaxed SIMD, each for memory that threads share and for memory that they cannot.
import { mkdir } from 'node:fs/promises';
import asc from 'assemblyscript/asc';

const instructions = { simd: 'simd', relaxed: 'simd,relaxed-simd' };
const memories = { shared: ['--enable', 'threads', '--sharedMemory'], single: [] };

await mkdir('dist/engine/wasm', { recursive: true });
for (const [name, features] of Object.entries(instructions)) {
  for (const [kind, memory] of Object.entries(memories)) {
    const { error, stderr } = await asc.main([
      'kernels/index.ts',
      ...['--outFile', `dist/engine/wasm/${name}.${kind}.wasm`],
      ...['--enable', features, ...memory],
      ...['--runtime', 'stub', '-O3', '--noAssert', '--converge'],
      // The first KiB is the engine's control block.
      ...['--importMemory', '--memoryBase', '1024'],
      ...['--initialMemory', '1', '--maximumMemory', '65536'],
    ]);
    if (error) {
      console.error(`kernels, build ${name}.${kind}: ${error.message}\n${stderr.toString()}`);
      process.exit(1);
    }
  }
}
