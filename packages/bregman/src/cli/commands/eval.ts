import { resolve } from 'node:path';
import { evaluate, type SplitName } from '@bregman/core/train';
import { loadModel, loadModelConfig, loadTrainingData } from '../../runs/index.js';
import { describeScore } from '../describe.js';
import { Output } from '../output.js';
import { Progress } from '../progress.js';

interface Options {
  readonly split: SplitName;
  readonly data?: string;
  readonly json?: boolean;
}

/** `bregman eval` */
export default async function evaluateModel(target: string, options: Options): Promise<void> {
  const { split, data: dataDir } = options;
  const model = await loadModel(target);
  const stored = await loadModelConfig(model);
  const config = dataDir === undefined ? stored : { ...stored, dataDir: resolve(dataDir) };
  const progress = new Progress();
  const data = await loadTrainingData(config, {
    onProgress: progress.onDownload,
    onDecode: progress.onDecode,
  });
  progress.clear();
  const score = await evaluate(config, model.weights, { data, split, source: model.file });
  new Output(options.json).either({ split, ...score }, () => [`${split} ${describeScore(score)}`]);
}
