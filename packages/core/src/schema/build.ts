import { ConfigError, UserError } from '../files/errors.js';

/**
 * Builds something from a part of the configuration.
 *
 * @param path of the part, such as `model`
 * @returns what is made, also of a promise
 * @throws {ConfigError} what the user has to mend, with the part's path in front; other errors are
 *   ours, and stay as they are
 */
export function build<T>(path: string, make: () => T): T {
  const translate = (error: unknown): never => {
    if (!(error instanceof UserError)) throw error;
    throw new ConfigError(`${path}: ${error.message}`, { cause: error });
  };
  try {
    const made = make();
    return made instanceof Promise ? (made.catch(translate) as T) : made;
  } catch (error) {
    return translate(error);
  }
}
