/** Training in a page beside training in Node with the same kernels, 128-bit vectors and threads. */
import { fileURLToPath } from 'node:url';
import { plainSite } from '../packages/core/test/browser/builds.js';
import { launch, noChromium, open } from '../packages/core/test/browser/chromium.js';
import type { Found, Wish } from '../packages/core/test/browser/page/mnist.js';
import type { Frames, PageApi } from '../packages/core/test/browser/page/page.js';
import { serve } from '../packages/core/test/browser/server.js';
import { median, parseAnswer, printTable, runProgram } from './lib.js';

declare const api: PageApi;

const TURNS = 5;
const nodeProgram = fileURLToPath(new URL('./peers/node-mnist.ts', import.meta.url));

export async function benchBrowser(): Promise<void> {
  if (noChromium) {
    console.log(`browser: ${noChromium}\n`);
    return;
  }
  const browser = await launch();
  const server = await serve(await plainSite(), true);
  const inPage = async (wish: Wish): Promise<Found & { readonly frames: Frames }> => {
    const { page } = await open(browser, `${server.url}/app/`);
    const found = await page.evaluate((wish) => api.trainMnist(wish), wish);
    await page.context().close();
    return found;
  };
  try {
    const rows = [];
    for (const threads of [1, 2]) {
      const wish: Wish = { epochs: 14, threads, build: 'simd' };
      const node: number[] = [];
      const chromium: number[] = [];
      const gaps: number[] = [];
      for (let turn = 0; turn < TURNS; turn++) {
        const own = parseAnswer<Found>(
          runProgram(process.execPath, ['--import', 'tsx', nodeProgram, JSON.stringify(wish)]),
        );
        const { samplesPerSecond, frames, weights } = await inPage(wish);
        if (weights !== own.weights) throw new Error('Node and the page came to different bits');
        node.push(own.samplesPerSecond);
        chromium.push(samplesPerSecond);
        gaps.push(frames.longestGap);
      }
      const ratio = median(chromium) / median(node);
      rows.push([
        threads,
        Math.round(median(node)),
        Math.round(median(chromium)),
        ratio.toFixed(2),
        `${median(gaps).toFixed(0)} (${Math.max(...gaps).toFixed(0)})`,
      ]);
    }
    console.log(`MNIST, mnist-mlp, 14 epochs, build simd; Chromium ${browser.version()}\n`);
    printTable(
      [
        'threads',
        'Node without wide vectors, images / s',
        'page, images / s',
        'page / Node',
        'longest time between two frames, ms (of all turns)',
      ],
      rows,
    );
  } finally {
    server.close();
    await browser.close();
  }
}
