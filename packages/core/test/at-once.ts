import type { Soon } from '#lib/soon.js';

/** An answer of a backend that answers at once, as WebAssembly's does. */
export function atOnce<T>(answer: Soon<T>): T {
  if (answer instanceof Promise) throw new Error('the answer is on its way');
  return answer;
}
