import { isBatchSource } from '../data/batches.js';
import { ConfigError, UserError } from '../files/errors.js';
import { outputsOf } from './build-network.js';
import type { Config } from './config.js';
import type { TrainingData } from './training-data.js';

/**
 * Makes sure that data and configuration go together.
 *
 * @throws {ConfigError | UserError} they do not
 */
export function checkData(config: Config, data: TrainingData): void {
  const { train, test, augment: own, mean } = data;
  const { loss, augment, validation } = config;
  const { kind } = train.targets;
  if (isBatchSource(train)) {
    const problem = (key: string, advice: string) =>
      new ConfigError(`${key}: it needs samples in arrays, not made batch by batch; ${advice}`);
    if (validation > 0) throw problem('validation', 'set it to 0');
    if (augment || own) throw problem('augment', 'change the samples where they are made');
  }
  if ((loss === 'cross-entropy') !== (kind === 'classes')) {
    throw new ConfigError(`loss: ${loss} does not go with targets that are ${kind}`);
  }
  checkCutout(augment?.cutout ?? 0, train.shape, mean);
  const answers = train.targets.kind === 'values' && String(train.targets.shape);
  if (augment && answers === String(train.shape)) {
    throw new ConfigError('augment: it moves the inputs, and not the images that are the targets');
  }
  if (!test) return;
  if (String(test.shape) !== String(train.shape)) {
    throw new UserError(`test samples are [${test.shape}], training samples [${train.shape}]`);
  }
  if (test.targets.kind !== kind) {
    throw new UserError(`test targets are ${test.targets.kind}, training targets ${kind}`);
  }
  const tested = outputsOf(test);
  const trained = outputsOf(train);
  if (kind === 'classes' ? tested > trained : tested !== trained) {
    const what = kind === 'classes' ? 'classes' : 'values';
    throw new UserError(`test targets have ${tested} ${what}, training targets ${trained}`);
  }
}

/** Whether the square is one, and what covers it. Other shapes than images are refused by `augment`. */
function checkCutout(side: number, shape: readonly number[], mean: TrainingData['mean']): void {
  if (side === 0 || shape.length !== 3) return;
  const [channels, height, width] = shape;
  const most = Math.min(height, width);
  if (side > most) {
    throw new ConfigError(
      `augment.cutout: a square of ${side} pixels does not fit images of ${height} × ${width}; ` +
        `it must be at most ${most}`,
    );
  }
  if (mean && ![1, channels].includes(mean.length)) {
    throw new UserError(`mean: ${mean.length} values for ${channels} channels`);
  }
}
