import { ConfigError, UserError } from '@bregman/core/errors';
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

/**
 * One line on standard error; with BREGMAN_DEBUG=1 the stack, too. What nobody expected is a fault of
 * ours, and the line says so.
 */
export function reportError(error: unknown): void {
  // Commander throws after it has shown help or version, too.
  if (error instanceof CommanderError && /Help|help|version/.test(error.code)) return;
  const message = error instanceof Error ? error.message : String(error);
  const line = isExpected(error) ? message.replace(/^error: /, '') : `${FAULT}: ${error}`;
  if (line !== '') process.stderr.write(`bregman: ${oneLine(line)}\n`);
  if (process.env.BREGMAN_DEBUG === '1' && error instanceof Error) {
    process.stderr.write(`${error.stack}\n`);
  }
}

const FAULT = 'a fault in bregman, not in what you gave it (BREGMAN_DEBUG=1 shows where)';

/** Made for people, or by the operating system. */
function isExpected(error: unknown): boolean {
  return (
    error instanceof UserError ||
    error instanceof CommanderError ||
    error instanceof Interruption ||
    (error instanceof Error && 'syscall' in error)
  );
}

/** Ends the process when nobody reads what it writes (`bregman … | head`), or the disk is full. */
export function exitOnWriteError(error: NodeJS.ErrnoException): never {
  if (error.code !== 'EPIPE') reportError(error);
  process.exit(ExitCode.failure);
}
