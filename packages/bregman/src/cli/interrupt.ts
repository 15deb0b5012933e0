import { ExitCode } from './errors.js';

/** A signal that fires at the first Ctrl-C (or SIGTERM); the second one ends the process at once. */
export function interruptSignal(notify: () => void): AbortSignal {
  const controller = new AbortController();
  const onSignal = () => {
    if (controller.signal.aborted) process.exit(ExitCode.interrupted);
    controller.abort();
    notify();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return controller.signal;
}
