/** The body of every thread but the first: wait for a program, work through it, wait again. */
import { Control, Executor, waitFor } from './control.js';
import { instantiate } from './instance.js';
import { PAGE_BYTES } from './memory.js';
import { receiveInThread } from './platform.js';

/** What a thread is started with. */
export interface WorkerData {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly thread: number;
  readonly threads: number;
}

receiveInThread<WorkerData>(({ module, memory, thread, threads }, ready) => {
  const executor = new Executor(instantiate(module, memory), thread, threads, true);
  let words = new Int32Array(memory.buffer);
  ready();
  for (let generation = 1; ; generation = (generation + 1) | 0) {
    waitFor(words, Control.generation, generation, true);
    if (words[Control.stop]) return;
    // Where another thread grew the memory, this one may learn of it a moment later.
    while (words.byteLength / PAGE_BYTES < words[Control.memoryPages]!)
      words = new Int32Array(memory.buffer);
    executor.run(words);
  }
});
