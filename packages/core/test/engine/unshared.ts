/** A program: trains where threads cannot share memory, and prints what came out as JSON. */
import { builds } from './builds.js';

Reflect.deleteProperty(globalThis, 'SharedArrayBuffer');
const { Engine } = await import('#lib/engine/index.js');
const { bitsAfterTraining, regularizers } = await import('./training.js');

const threads = [];
const bits = [];
for (const { build } of builds.filter(({ skip }) => !skip)) {
  const engine = await Engine.create({ build, threads: 2 });
  threads.push(engine.threads);
  for (const regularizer of Object.values(regularizers)) {
    bits.push(bitsAfterTraining(engine, regularizer));
  }
}
console.log(JSON.stringify({ threads, bits }));
