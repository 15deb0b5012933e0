import { UserError } from '@bregman/core/files';

/**
 * The package sharp, loaded only where pictures are read or drawn: all else works where there is no
 * binary of it.
 *
 * @param action what cannot be done without it, for the message
 * @throws {UserError} it does not load
 */
export async function loadSharp(action: string): Promise<typeof import('sharp').default> {
  const { default: sharp } = await import('sharp').catch((error) => {
    const problem = 'the package sharp does not load; run npm install sharp';
    throw new UserError(`cannot ${action}: ${problem}`, { cause: error });
  });
  return sharp;
}
