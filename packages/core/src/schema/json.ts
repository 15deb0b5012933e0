import { UserError } from '../files/errors.js';
import { type Schema, validate } from './schema.js';

/**
 * Reads JSON that has to fit a schema.
 *
 * @param source what messages begin with, such as the file's path
 * @throws {UserError} it is no JSON, or does not fit
 */
export function parseJson<T>(text: string, source: string, schema: Schema<T, unknown>): T {
  return validate(schema, parse(text, source), source, UserError);
}

/**
 * Reads JSON as it is.
 *
 * @throws {UserError} it is no JSON
 */
export function parse(text: string, source: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new UserError(`${source}: no valid JSON (${error.message})`, { cause: error });
  }
}
