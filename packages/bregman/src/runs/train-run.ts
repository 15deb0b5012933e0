import { DivergenceError, type TrainOptions, type TrainResult, train } from '@bregman/core/train';
import type { RunDirectory } from './run-directory.js';

/**
 * Trains as a run directory's configuration says, and keeps there what the run yields. A new
 * run that fails before its first checkpoint leaves nothing behind.
 *
 * @throws {UserError} configuration and data do not fit, or the folder cannot be written
 * @throws {DamagedRunError} the state to resume from does not fit the configuration
 * @throws {DivergenceError} its message says where the last checkpoint is
 */
export async function trainRun(run: RunDirectory, options: TrainOptions): Promise<TrainResult> {
  try {
    const observers = [run, ...(options.observers ?? [])];
    const result = await train(run.config, { ...options, observers });
    if (result.ending !== 'signal') await finish(run, result);
    return result;
  } catch (error) {
    await run.discard();
    if (error instanceof DivergenceError) {
      error.message += run.hasCheckpoint
        ? `; the last checkpoint stays in ${run.path}`
        : '; there was no checkpoint yet';
    }
    throw error;
  }
}

async function finish(run: RunDirectory, result: TrainResult): Promise<void> {
  try {
    await run.finish(result.summary);
  } catch (error) {
    result.close();
    throw error;
  }
}
