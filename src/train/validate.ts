import * as v from 'valibot';
import { UserError } from '../files/errors.js';

/** A finite number from `least` (or, if `open`, above it) to `most`. */
export function number(least: number, most = Infinity, { open = false } = {}) {
  const from = open ? `above ${least}` : `from ${least} on`;
  const range = most === Infinity ? from : `${open ? from : `from ${least}`} to ${most}`;
  const fits = (x: unknown) =>
    typeof x === 'number' && Number.isFinite(x) && (open ? x > least : x >= least) && x <= most;
  return v.custom<number>(fits, `a number ${range}`);
}

/** A whole number from `least` to `most`. */
export function whole(least: number, most = Number.MAX_SAFE_INTEGER) {
  const range = most === Number.MAX_SAFE_INTEGER ? `from ${least} on` : `from ${least} to ${most}`;
  const fits = (x: unknown) => Number.isSafeInteger(x) && Number(x) >= least && Number(x) <= most;
  return v.custom<number>(fits, `a whole number ${range}`);
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
 * Checks a value that a user wrote and fills in what was left out.
 *
 * @throws {UserError} one line: the path, what is there, what is allowed
 */
export function validate<Schema extends v.GenericSchema>(
  schema: Schema,
  input: unknown,
  source: string,
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, input, { abortEarly: true });
  if (result.success) return result.output;
  throw new UserError(`${source}: ${describe(result.issues[0])}`);
}

function describe(issue: v.BaseIssue<unknown>): string {
  const path = v.getDotPath(issue) ?? '';
  const at = path ? `${path}: ` : '';
  if (issue.type === 'strict_object' && issue.expected === 'never') {
    return `${at}unknown key; it must be ${issue.message}`;
  }
  if (issue.type === 'strict_object' && issue.expected !== 'Object') return `${at}is missing`;
  return `${at}${show(issue.input)} is not allowed; it must be ${expectation(issue)}`;
}

/** Our own checks word what they expect as their message; Valibot's built-in ones as a type. */
function expectation(issue: v.BaseIssue<unknown>): string {
  if (issue.type === 'custom') return issue.message;
  const words = (issue.expected ?? 'valid').replace(/^\((.*)\)$/, '$1').replaceAll(' | ', ', ');
  const names: Record<string, string> = {
    Object: 'an object',
    Array: 'a list',
    string: 'a text',
    boolean: 'true or false',
  };
  return names[words] ?? (words.includes(', ') ? `one of ${words}` : words);
}

/** A value as the user wrote it, shortened. */
function show(input: unknown): string {
  const text = typeof input === 'number' ? String(input) : (JSON.stringify(input) ?? String(input));
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}
