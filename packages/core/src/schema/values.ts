/** Schemas of single values. */
import { Misfit, misfit, type Schema } from './schema.js';

/**
 * Whatever a test lets pass, unchanged.
 *
 * @param allowed in words that go on after "it must be"
 */
export function check<T>(allowed: string, fits: (value: unknown) => boolean): Schema<T> {
  return {
    allowed,
    read(value, path) {
      if (fits(value)) return value as T;
      throw misfit(value, path, allowed);
    },
  };
}

/** Anything at all. */
export const anything: Schema<unknown> = check('anything', () => true);

/** A text, the empty one too. */
export const text: Schema<string> = check('a text', (value) => typeof value === 'string');

/** True or false. */
export const truth: Schema<boolean> = check('true or false', (value) => typeof value === 'boolean');

/** A finite number from `least` (or, if `open`, above it) to `most`; any, where neither is said. */
export function number(least = -Infinity, most = Infinity, { open = false } = {}): Schema<number> {
  const from = open ? `above ${least}` : `from ${least} on`;
  const range = most === Infinity ? from : `${open ? from : `from ${least}`} to ${most}`;
  return check(least === -Infinity ? 'a number' : `a number ${range}`, (x) => {
    if (typeof x !== 'number' || !Number.isFinite(x) || x > most) return false;
    return open ? x > least : x >= least;
  });
}

/** A share that leaves something of the whole. */
export const fraction: Schema<number> = check(
  'a number from 0 to below 1',
  (x) => typeof x === 'number' && x >= 0 && x < 1,
);

/** A whole number from `least` to `most`. */
export function whole(least: number, most = Number.MAX_SAFE_INTEGER): Schema<number> {
  const range = most === Number.MAX_SAFE_INTEGER ? `from ${least} on` : `from ${least} to ${most}`;
  return check(
    `a whole number ${range}`,
    (x) => Number.isSafeInteger(x) && Number(x) >= least && Number(x) <= most,
  );
}

/** A schema of one of a few words. */
export interface Words<out Word extends string> extends Schema<Word> {
  readonly words: readonly Word[];
}

/** One of a list of words. */
export function oneOf<const Word extends string>(words: readonly Word[]): Words<Word> {
  const list = words.map((word) => JSON.stringify(word)).join(', ');
  const fits = (value: unknown) => words.some((word) => word === value);
  return { ...check<Word>(words.length === 1 ? list : `one of ${list}`, fits), words };
}

/** This one word. */
export function literal<const Word extends string>(word: Word): Words<Word> {
  return oneOf([word]);
}

/** What fits a schema, or null. */
export function nullable<C, W>(schema: Schema<C, W>): Schema<C | null, W | null> {
  return {
    allowed: schema.allowed,
    read: (value, path) => (value === null ? null : schema.read(value, path)),
  };
}

/** What fits one of two schemas. */
export function either<C, W, D, X>(
  first: Schema<C, W>,
  second: Schema<D, X>,
): Schema<C | D, W | X> {
  const allowed = `${first.allowed}, or ${second.allowed}`;
  return {
    allowed,
    read(value, path) {
      for (const schema of [first, second]) {
        try {
          return schema.read(value, path);
        } catch (error) {
          if (!(error instanceof Misfit)) throw error;
        }
      }
      throw misfit(value, path, allowed);
    },
  };
}
