import * as v from 'valibot';
import { UserError } from '../files/errors.js';
import { ConfigError } from './config-error.js';

/** A finite number from `least` (or, if `open`, above it) to `most`. */
export function number(least: number, most = Infinity, { open = false } = {}) {
  const from = open ? `above ${least}` : `from ${least} on`;
  const range = most === Infinity ? from : `${open ? from : `from ${least}`} to ${most}`;
  const fits = (x: unknown) =>
    typeof x === 'number' && Number.isFinite(x) && (open ? x > least : x >= least) && x <= most;
  return v.custom<number>(fits, least === -Infinity ? 'a number' : `a number ${range}`);
}

/** A whole number from `least` to `most`. */
export function whole(least: number, most = Number.MAX_SAFE_INTEGER) {
  const range = most === Number.MAX_SAFE_INTEGER ? `from ${least} on` : `from ${least} to ${most}`;
  const fits = (x: unknown) => Number.isSafeInteger(x) && Number(x) >= least && Number(x) <= most;
  return v.custom<number>(fits, `a whole number ${range}`);
}

/** A list that is not empty. */
export function listOf<Item extends v.GenericSchema>(item: Item) {
  return v.pipe(v.array(item), v.minLength(1, 'a list of one or more'));
}

/** An object with these keys and no others. */
export function object<const Entries extends v.ObjectEntries>(entries: Entries) {
  return v.strictObject(entries, `one of the keys ${Object.keys(entries).join(', ')}`);
}

/** One of a list of words. */
export function oneOf<const T extends readonly string[]>(options: T) {
  return v.picklist(options);
}

/**
 * Builds something from a part of the configuration.
 *
 * @throws {ConfigError} what the user has to mend, with the part's path in front; other errors are
 *   ours, and stay as they are
 */
export function build<T>(path: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new ConfigError(`${path}: ${error.message}`, { cause: error });
  }
}

/**
 * Checks a value that a user wrote and fills in what was left out.
 *
 * @param Failure the class of the error; files that programs write are no configuration
 * @throws {ConfigError} one line: the path, what is there, what is allowed
 */
export function validate<Schema extends v.GenericSchema>(
  schema: Schema,
  input: unknown,
  source: string,
  Failure: typeof UserError = ConfigError,
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, input, { abortEarly: true });
  if (result.success) return result.output;
  throw new Failure(`${source}: ${describe(result.issues[0])}`);
}

function describe(issue: v.BaseIssue<unknown>): string {
  const path = v.getDotPath(issue) ?? '';
  const at = path ? `${path}: ` : '';
  if (issue.type === 'strict_object' && issue.expected === 'never') {
    return `${at}unknown key; it must be ${issue.message}`;
  }
  if (issue.input === undefined) return `${at}is missing`;
  return `${at}${show(issue.input)} is not allowed; it must be ${expectation(issue)}`;
}

/** Our own checks word what they expect as their message; Valibot's built-in ones as a type. */
function expectation(issue: v.BaseIssue<unknown>): string {
  if (issue.type === 'custom' || issue.type === 'min_length') return issue.message;
  const words = (issue.expected ?? 'valid').replace(/[()]/g, '').replaceAll(' | ', ', ');
  const names: Record<string, string> = {
    Object: 'an object',
    Array: 'a list',
    string: 'a text',
    number: 'a number',
    boolean: 'true or false',
  };
  return names[words] ?? (words.includes(', ') ? `one of ${words}` : words);
}

/** The most characters of a value that are shown. */
const SHOWN = 60;

/** A value as the user wrote it, shortened. */
function show(input: unknown): string {
  const json = () => JSON.stringify(outline(input, 8)) ?? String(input);
  const text = typeof input === 'number' ? String(input) : json();
  return text.length > SHOWN ? `${text.slice(0, SHOWN - 1)}…` : text;
}

/** The beginning of a value: a hostile file may nest without end. */
function outline(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (depth === 0) return '…';
  const inner = (each: unknown) => outline(each, depth - 1);
  if (Array.isArray(value)) return value.slice(0, SHOWN).map(inner);
  const entries = Object.entries(value).slice(0, SHOWN);
  return Object.fromEntries(entries.map(([key, each]) => [key, inner(each)]));
}
