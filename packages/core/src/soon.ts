/** An answer at once, or one on its way: a backend that computes elsewhere answers later. */
export type Soon<T> = T | Promise<T>;

/** Goes on with an answer: at once where it is there, so that who never waits makes no promises. */
export function whenReady<T, R>(value: Soon<T>, next: (value: T) => R): Soon<Awaited<R>> {
  return (value instanceof Promise ? value.then(next) : next(value)) as Soon<Awaited<R>>;
}

/** All answers, at once where all are there. */
export function allReady<T>(values: readonly Soon<T>[]): Soon<readonly T[]> {
  return values.some((value) => value instanceof Promise)
    ? Promise.all(values)
    : (values as readonly T[]);
}
