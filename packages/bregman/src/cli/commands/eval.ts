import type { SplitName } from '@bregman/core/train';
import { evaluateModel } from '../../runs/index.js';
import { describeScore } from '../describe.js';
import { Output } from '../output.js';
import { Progress } from '../progress.js';

interface Options {
  readonly split: SplitName;
  readonly data?: string;
  readonly json?: boolean;
}

/** `bregman eval` */
export default async function evalCommand(
  target: string,
  { split, data, json }: Options,
): Promise<void> {
  const progress = new Progress();
  const score = await evaluateModel(target, {
    split,
    ...(data !== undefined && { data }),
    onProgress: progress.onDownload,
    onDecode: progress.onDecode,
  });
  progress.clear();
  new Output(json).either({ split, ...score }, () => [`${split} ${describeScore(score)}`]);
}
