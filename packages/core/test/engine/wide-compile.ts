/**
 * A program to be run with `--no-liftoff --no-wasm-lazy-compilation`: has V8 optimize all functions of all
 * builds for wide vectors, where there are any. Where V8 cannot, it ends the process.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { useWideVectors } from '#lib/engine/index.js';
import { builds } from './builds.js';

if (useWideVectors()) {
  for (const { build } of builds.filter(({ skip }) => !skip)) {
    for (const memory of ['shared', 'single']) {
      const url = new URL(import.meta.resolve(`#lib/engine/wasm/${build}.${memory}.wasm`));
      new WebAssembly.Module(readFileSync(fileURLToPath(url)));
      console.log(build, memory);
    }
  }
}
