import { awaitGeneration, Control, Executor, reportFailure } from './control.js';
import { instantiate } from './instance.js';
import { PAGE_BYTES } from './memory.js';

/** What a thread is started with. */
export interface WorkerData {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** From 1; the first thread, 0, is the one that starts the others. */
  readonly thread: number;
}

/** The body of every thread but the first: wait for a program, work through it, wait again. */
export function takePart({ module, memory, thread }: WorkerData, ready: () => void): void {
  const executor = new Executor(instantiate(module, memory), thread, true);
  let words = new Int32Array(memory.buffer);
  let generation = Atomics.load(words, Control.generation);
  ready();
  for (;;) {
    generation = awaitGeneration(words, generation);
    if (words[Control.stop]) return;
    // Where another thread grew the memory, this one may learn of it a moment later.
    while (words.byteLength / PAGE_BYTES < words[Control.memoryPages]) {
      words = new Int32Array(memory.buffer);
    }
    try {
      executor.run(words, generation);
    } catch (error) {
      reportFailure(words);
      throw error;
    }
  }
}
