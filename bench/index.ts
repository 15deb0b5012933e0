/**
 * `npm run bench [-- linear conv resnet mlp startup browser wide]`: all figures that docs/benchmarks.md quotes. With
 * `--narrow` without vectors of 256 bits. BREGMAN_PEER_PYTHON names a Python that has PyTorch, else it is `python3`:
 *
 *     BREGMAN_PEER_PYTHON=/path/to/python npm run bench -- conv
 *
 * Where there is none, its columns are left out.
 */

import { benchBrowser } from './browser.js';
import { benchConv } from './conv.js';
import { machine, NARROW, widen } from './lib.js';
import { benchLinear } from './linear.js';
import { benchMlp } from './mlp.js';
import { findPyTorch } from './pytorch.js';
import { benchResnet } from './resnet.js';
import { benchStartup } from './startup.js';
import { benchWide } from './wide.js';

const benches = {
  linear: benchLinear,
  conv: benchConv,
  resnet: benchResnet,
  mlp: benchMlp,
  startup: benchStartup,
  browser: benchBrowser,
  wide: benchWide,
};

const wanted = process.argv.slice(2).filter((argument) => argument !== NARROW);
const unknown = wanted.find((name) => !Object.hasOwn(benches, name));
if (unknown) {
  console.error(`bench: no bench '${unknown}'; there are ${Object.keys(benches).join(', ')}`);
  process.exit(2);
}
const isWide = await widen();
console.log(`${machine()}, vectors of ${isWide ? 256 : 128} bits\n`);
const pyTorch = findPyTorch();
if (pyTorch) console.log(`${pyTorch.description}\n`);
for (const [name, bench] of Object.entries(benches)) {
  if (wanted.length === 0 || wanted.includes(name)) await bench(pyTorch);
}
