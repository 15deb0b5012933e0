import { ConfigError } from '@bregman/core/schema';
import { CommanderError } from 'commander';
import { oneLine } from './text.js';

/** 1: failure, 2: wrong usage, 130: interrupted, as a shell reports a process ended by Ctrl-C. */
export const ExitCode = { failure: 1, usage: 2, interrupted: 130 } as const;

/** The user stopped the command; what there was to say has been said. */
export class Interruption extends Error {}

/** What the process exits with. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : ExitCode.usage;
  if (error instanceof Interruption) return ExitCode.interrupted;
  return error instanceof ConfigError ? ExitCode.usage : ExitCode.failure;
}

/** One line on standard error; with BREGMAN_DEBUG=1 the stack, too. */
export function reportError(error: unknown): void {
  // Commander throws after it has shown help or version, too.
  if (error instanceof CommanderError && /Help|help|version/.test(error.code)) return;
  const message = error instanceof Error ? error.message : String(error);
  if (message !== '')
    process.stderr.write(`bregman: ${oneLine(message.replace(/^error: /, ''))}\n`);
  if (process.env.BREGMAN_DEBUG === '1' && error instanceof Error) {
    process.stderr.write(`${error.stack}\n`);
  }
}

/** Ends the process when nobody reads what it writes (`bregman … | head`), or the disk is full. */
export function exitOnWriteError(error: NodeJS.ErrnoException): never {
  if (error.code !== 'EPIPE') reportError(error);
  process.exit(ExitCode.failure);
}
