import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Browser } from 'playwright-core';
import * as core from '#lib/index.js';
import { plainSite, rolldownSite, viteSite } from './builds.js';
import { launch, noChromium, open } from './chromium.js';
import { type Found, loadMnist, trainMnist, type Wish } from './page/mnist.js';
import type { PageApi } from './page/page.js';
import { type Site, serve, standardFolders } from './server.js';

declare const api: PageApi;

const whole: Wish = { epochs: 14, threads: 2, build: 'simd' };
const short: Wish = { ...whole, epochs: 1 };

describe('a page trains MNIST', { skip: noChromium }, () => {
  let browser: Browser;
  let inNode: Found;
  let inNodeShortly: Found;
  before(async () => {
    browser = await launch();
    const bytes = async (name: string) =>
      new Uint8Array(await readFile(join(standardFolders['/mnist'], name)));
    const data = await loadMnist(core, bytes);
    inNode = await trainMnist(core, data, whole);
    inNodeShortly = await trainMnist(core, data, short);
  });
  after(() => browser?.close());

  async function trainIn(site: Site, isolated: boolean, wish: Wish) {
    const server = await serve(site, isolated);
    try {
      const { page, errors, origins } = await open(browser, `${server.url}/app/`);
      const found = await page.evaluate((wish) => api.trainMnist(wish), wish);
      assert.deepEqual(errors, []);
      assert.deepEqual([...origins], [server.url], 'nothing comes from another host');
      return found;
    } finally {
      server.close();
    }
  }

  function assertSameAsNode(found: Found, expected: Found): void {
    assert.equal(found.weights, expected.weights, 'weights');
    assert.equal(found.predictions, expected.predictions, 'predictions');
    assert.equal(found.accuracy, expected.accuracy);
    assert.equal(found.epochs, expected.epochs);
  }

  test('with threads, by a script tag: over 96.5 % and to the same bits as Node', async () => {
    const found = await trainIn(await plainSite(), true, whole);
    assert.ok(found.accuracy > 0.965, `accuracy ${found.accuracy}`);
    assert.equal(found.threads, 2);
    assert.equal(found.whyOneThread, undefined);
    assertSameAsNode(found, inNode);
    // It drew all the while; how often, bench/browser.ts measures.
    assert.ok(found.frames.count > 10 * whole.epochs, `${found.frames.count} frames`);
  });

  test('on one thread without the headers, and says why', async () => {
    const found = await trainIn(await plainSite(), false, short);
    assert.equal(found.threads, 1);
    assert.match(found.whyOneThread!, /not cross-origin isolated.*Cross-Origin-Opener-Policy/);
    assertSameAsNode(found, inNodeShortly);
    assert.ok(found.frames.count > 10, `${found.frames.count} frames`);
  });

  for (const [name, site] of Object.entries({ Vite: viteSite, rolldown: rolldownSite })) {
    for (const isolated of [true, false]) {
      test(`built by ${name}, ${isolated ? 'with' : 'without'} threads`, async () => {
        const found = await trainIn(await site(), isolated, short);
        assert.equal(found.threads, isolated ? 2 : 1);
        assertSameAsNode(found, inNodeShortly);
      });
    }
  }
});
