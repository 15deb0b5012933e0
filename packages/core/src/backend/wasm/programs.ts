import type { Engine, LoadedProgram, Program } from '../../engine/index.js';

/** Programs by name, each loaded the first time that it is needed. */
export class ProgramCache {
  readonly #engine: Engine;
  readonly #loaded = new Map<string, LoadedProgram>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Runs the program of this name on so many blocks of samples. */
  run(name: string, blocks: number, build: () => Program): void {
    let program = this.#loaded.get(name);
    if (!program) {
      program = this.#engine.load(build());
      this.#loaded.set(name, program);
    }
    this.#engine.run(program, blocks);
  }

  /** Forgets the programs whose names fit. */
  drop(fits: (name: string) => boolean): void {
    for (const name of this.#loaded.keys()) if (fits(name)) this.#loaded.delete(name);
  }
}
