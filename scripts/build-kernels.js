// Compiles kernels/ to the two builds that the engine chooses from at run time.
import { mkdir } from 'node:fs/promises';
import asc from 'assemblyscript/asc';

const builds = { simd: 'simd,threads', relaxed: 'simd,threads,relaxed-simd' };

await mkdir('dist/engine/wasm', { recursive: true });
for (const [name, features] of Object.entries(builds)) {
  const { error, stderr } = await asc.main([
    'kernels/index.ts',
    ...['--outFile', `dist/engine/wasm/${name}.wasm`],
    ...['--enable', features],
    ...['--runtime', 'stub', '-O3', '--noAssert', '--converge'],
    ...['--importMemory', '--sharedMemory', '--initialMemory', '1', '--maximumMemory', '65536'],
  ]);
  if (error) {
    console.error(`kernels, build ${name}: ${error.message}\n${stderr.toString()}`);
    process.exit(1);
  }
}
