import { ConfigError, UserError } from '../files/errors.js';

/**
 * Builds something from a part of the configuration.
 *
 * @param path of the part, such as `model`
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
