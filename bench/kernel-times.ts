/** Where the time of a step goes: an engine that runs its programs call by call. */
import type { Engine, LoadedProgram, Program } from '#core/engine/index.js';

/**
 * Makes an engine run its programs call by call, and adds up the milliseconds of each kernel. To be called before
 * anything is loaded. Calls that overlapped wait for one another then, so that the sum is longer than the step.
 */
export function measureKernels(engine: Engine): Map<string, number> {
  const times = new Map<string, number>();
  const pieces = new Map<LoadedProgram, readonly (readonly [string, LoadedProgram])[]>();
  const { load, run } = { load: engine.load.bind(engine), run: engine.run.bind(engine) };
  engine.load = (program: Program) => {
    const whole = load(program);
    pieces.set(
      whole,
      program.map((call) => [call.kernel, load([call])]),
    );
    return whole;
  };
  engine.run = (program, blocks) => {
    for (const [kernel, piece] of pieces.get(program) ?? []) {
      const started = performance.now();
      run(piece, blocks);
      times.set(kernel, (times.get(kernel) ?? 0) + performance.now() - started);
    }
  };
  return times;
}
