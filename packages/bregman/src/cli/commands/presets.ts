import { presets } from '@bregman/core/train';
import { Output } from '../output.js';

/** `bregman presets` */
export default async function listPresets({ json }: { json?: boolean }): Promise<void> {
  const list = Object.entries(presets).map(([name, { description }]) => ({ name, description }));
  const width = Math.max(...list.map(({ name }) => name.length));
  new Output(json).either(list, () =>
    list.map(({ name, description }) => `${name.padEnd(width)}  ${description}`),
  );
}
