/** A program: trains with wide vectors, where there are any, and prints what came out as JSON. */
import { Engine, useWideVectors } from '#lib/engine/index.js';
import { builds } from './builds.js';
import { bitsAfterTraining, kinds, regularizers } from './training.js';

const isWide = useWideVectors();
const bits = [];
for (const { build } of builds.filter(({ skip }) => isWide && !skip)) {
  const engine = await Engine.create({ build, threads: 2 });
  for (const kind of kinds) {
    for (const regularizer of Object.values(regularizers)) {
      bits.push(bitsAfterTraining(engine, regularizer, { kind }));
    }
  }
}
console.log(JSON.stringify({ isWide, bits }));
process.exit();
