/** Something that a checkpoint saves, so that a resumed run continues exactly. */
export interface Resumable<State = unknown> {
  /** A copy of what has to be saved, fit for JSON. */
  state(): State;
  /**
   * Continues from a saved state.
   *
   * @throws {UserError} it is none: files may be damaged
   */
  restore(state: State): void;
}

/** For what keeps nothing between calls. */
export const stateless: Resumable = { state: () => null, restore: () => {} };
