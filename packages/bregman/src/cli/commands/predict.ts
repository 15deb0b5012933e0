import { sizeOf } from '@bregman/core/math';
import type { ClassScore, Model } from '@bregman/core/train';
import { readInputs } from '../../data/index.js';
import { openModelFile } from '../../runs/index.js';
import { wholeOption } from '../options.js';
import { Output } from '../output.js';
import { Progress } from '../progress.js';
import { oneLine, percent, short } from '../text.js';

interface Options {
  readonly top: string;
  readonly json?: boolean;
}

/** Where a sample is from. */
interface Origin {
  readonly file: string;
  /** Its number in a file of several. */
  readonly index?: number;
}

/** `bregman predict` */
export default async function predictCommand(
  target: string,
  files: readonly string[],
  options: Options,
): Promise<void> {
  const top = wholeOption('top', options.top);
  const output = new Output(options.json);
  const progress = new Progress();
  const model = await openModelFile(target, {
    onProgress: progress.onDownload,
    onDecode: progress.onDecode,
  });
  progress.clear();
  try {
    const { loss, shape } = model.description;
    // All are read before anything is said about the first.
    const inputs: Uint8Array[] = [];
    for (const file of files) inputs.push(await readInputs(file, shape));
    const show = loss === 'cross-entropy' ? showClasses : showValues;
    for (const [i, file] of files.entries()) {
      const count = inputs[i].length / sizeOf(shape);
      const origins = Array.from({ length: count }, (_, index) =>
        count === 1 ? { file } : { file, index },
      );
      await show(output, model, inputs[i], origins, top);
    }
  } finally {
    model.close();
  }
}

async function showClasses(
  output: Output,
  model: Model,
  inputs: Uint8Array,
  origins: readonly Origin[],
  top: number,
): Promise<void> {
  const found = await model.classify(inputs, top);
  for (const [i, origin] of origins.entries()) {
    output.either({ ...origin, classes: found[i] }, () => [
      `${titleOf(origin)}: ${found[i].map(describeClass).join(', ')}`,
    ]);
  }
}

function describeClass({ name, probability }: ClassScore): string {
  return `${oneLine(name)} ${percent(probability)}`;
}

async function showValues(
  output: Output,
  model: Model,
  inputs: Uint8Array,
  origins: readonly Origin[],
): Promise<void> {
  const all = await model.predict(inputs);
  const size = sizeOf(model.outputShape);
  for (const [i, origin] of origins.entries()) {
    const values = all.subarray(i * size, (i + 1) * size);
    output.either({ ...origin, outputs: [...values] }, () => {
      const least = values.reduce(smaller);
      const most = values.reduce(larger);
      const range = `${short(least)} to ${short(most)}`;
      return [`${titleOf(origin)}: ${size} values from ${range} (--json prints them)`];
    });
  }
}

function titleOf({ file, index }: Origin): string {
  return index === undefined ? oneLine(file) : `${oneLine(file)}[${index}]`;
}

function smaller(a: number, b: number): number {
  return Math.min(a, b);
}

function larger(a: number, b: number): number {
  return Math.max(a, b);
}
