/** What the page of bench/browser.ts does, in a Node of its own: its argument is the wish, as JSON. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as core from '#core/index.js';
import { loadMnist, trainMnist } from '../../packages/core/test/browser/page/mnist.js';
import { standardFolders } from '../../packages/core/test/browser/server.js';

const read = async (name: string) =>
  new Uint8Array(await readFile(join(standardFolders['/mnist'], name)));
const data = await loadMnist(core, read);
console.log(JSON.stringify(await trainMnist(core, data, JSON.parse(process.argv[2]))));
