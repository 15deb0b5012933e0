import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Build } from '#lib/engine/index.js';

const relaxed = new URL(import.meta.resolve('#lib/engine/wasm/relaxed.single.wasm'));
const runsRelaxed = WebAssembly.validate(readFileSync(fileURLToPath(relaxed)));

/** The builds of the kernels, with the reason to skip those that this host cannot run. */
export const builds: readonly { build: Build; skip: string | false }[] = [
  { build: 'simd', skip: false },
  { build: 'relaxed', skip: !runsRelaxed && 'relaxed SIMD needs Node 22 or later' },
];
