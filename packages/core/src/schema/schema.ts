import { ConfigError, type UserError } from '../files/errors.js';

/**
 * What a value has to be like: the one description of a piece of configuration, which checks it, fills in
 * what was left out, and gives its types.
 *
 * ```ts
 * import { type Input, number, object, type Output, validate, withDefault } from '@bregman/core/schema';
 *
 * const schema = object({ rate: withDefault(number(0, 1), 0.1) });
 * type Written = Input<typeof schema>; // { readonly rate?: number }
 * type Filled = Output<typeof schema>; // { rate: number }
 * const written: Written = {};
 * const filled: Filled = validate(schema, written, 'options');
 * console.log(filled.rate); // 0.1
 * ```
 */
export interface Schema<out Checked = unknown, out Written = Checked> {
  /** What it allows, in words that go on after "it must be". */
  readonly allowed: string;
  /**
   * Checks a value, and gives a copy with everything filled in.
   *
   * @param path where the value stands, such as `optimizer.groups.0`; empty at the top
   * @throws {Misfit} the value does not fit
   */
  read(value: unknown, path: string): Checked;
  /** Never there: it carries the type of a value as people write it. */
  readonly written?: Written;
}

/** The type of a checked value, with everything filled in. */
export type Output<S> = S extends Schema<infer Checked, unknown> ? Checked : never;

/** The type of a value as people write it: what has a default may be left out. */
export type Input<S> = S extends Schema<unknown, infer Written> ? Written : never;

/** Says what does not fit, and where. It stays inside this folder: {@link validate} translates it. */
export class Misfit extends Error {
  constructor(path: string, problem: string) {
    super(path === '' ? problem : `${path}: ${problem}`);
  }
}

/** A value that is not what its schema allows. */
export function misfit(value: unknown, path: string, allowed: string): Misfit {
  if (value === undefined) return new Misfit(path, 'is missing');
  return new Misfit(path, `${show(value)} is not allowed; it must be ${allowed}`);
}

/** The most characters of a value that are shown. */
const SHOWN = 60;

/** A value as the user wrote it, shortened. */
function show(value: unknown): string {
  const isJson = typeof value !== 'number' && typeof value !== 'bigint';
  const written = (isJson && JSON.stringify(outline(value, 8))) || String(value);
  return written.length > SHOWN ? `${written.slice(0, SHOWN - 1)}…` : written;
}

/** The beginning of a value: a hostile file may nest without end, an object may hold itself. */
function outline(value: unknown, depth: number): unknown {
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth === 0) return '…';
  const inner = (each: unknown) => outline(each, depth - 1);
  if (Array.isArray(value)) return value.slice(0, SHOWN).map(inner);
  const entries = Object.entries(value).slice(0, SHOWN);
  return Object.fromEntries(entries.map(([key, each]) => [key, inner(each)]));
}

/**
 * Checks a value that a user wrote and fills in what was left out.
 *
 * @param source what messages begin with, such as the file's path
 * @param Failure the class of the error; files that programs write are no configuration
 * @throws {ConfigError} one line: the path, what is there, what is allowed
 */
export function validate<Checked>(
  schema: Schema<Checked, unknown>,
  input: unknown,
  source: string,
  Failure: typeof UserError = ConfigError,
): Checked {
  try {
    return schema.read(input, '');
  } catch (error) {
    if (!(error instanceof Misfit)) throw error;
    throw new Failure(`${source}: ${error.message}`);
  }
}
