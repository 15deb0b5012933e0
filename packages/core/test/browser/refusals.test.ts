import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { plainSite } from './builds.js';
import { launch, noChromium, open } from './chromium.js';
import type { PageApi } from './page/page.js';
import { type Body, type Site, serve, standardFolders } from './server.js';

declare const api: PageApi;

describe('in a page', { skip: noChromium }, () => {
  let browser: Browser;
  let site: Site;
  before(async () => {
    browser = await launch();
    site = await plainSite();
  });
  after(() => browser?.close());

  /** Lends a cross-origin isolated page; some of its server's files are replaced. */
  async function withPage(
    { files, prepare }: { files?: Readonly<Record<string, Body>>; prepare?: () => void },
    body: (page: Page) => Promise<void>,
  ): Promise<void> {
    const server = await serve({ ...site, files: { ...site.files, ...files } }, true);
    try {
      const { page, errors } = await open(browser, `${server.url}/app/`, prepare);
      await body(page);
      assert.deepEqual(errors, []);
    } finally {
      server.close();
    }
  }

  const trainTiny = (page: Page) =>
    page.evaluate(() =>
      api.failureOf(() => api.core.train(api.tiny.config, { data: api.tiny.data, build: 'simd' })),
    );

  describe('the kernels’ file', () => {
    const path = '/core/engine/wasm/simd.shared.wasm';
    const kernels = () => readFile(join(standardFolders['/core'], 'engine/wasm/simd.shared.wasm'));
    const cases: readonly {
      readonly name: string;
      readonly file: () => Promise<Body>;
      readonly says: RegExp;
    }[] = [
      {
        name: 'missing',
        file: async () => ({ status: 404, type: 'text/plain', content: 'not found' }),
        says: /^cannot load http\S+simd\.shared\.wasm: .* HTTP status 404$/,
      },
      {
        name: 'replaced by a page',
        file: async () => ({ type: 'text/html', content: '<!doctype html><title>App</title>' }),
        says: /^the kernels at http\S+wasm cannot be used: the server sends a page of HTML/,
      },
      {
        name: 'something else',
        file: async () => ({ type: 'application/wasm', content: 'Hello' }),
        says: /it is not a WebAssembly file$/,
      },
      {
        name: 'cut off',
        file: async () => ({
          type: 'application/wasm',
          content: (await kernels()).subarray(0, 20_000),
        }),
        says: /the file of 20000 bytes is cut off or damaged: /,
      },
    ];
    for (const { name, file, says } of cases) {
      test(`${name}: is what the error says`, async () => {
        await withPage({ files: { [path]: await file() } }, async (page) => {
          const { type, message } = await trainTiny(page);
          assert.equal(type, 'UserError');
          assert.match(message, says);
          assert.doesNotMatch(message, /SIMD|\n/);
        });
      });
    }
  });

  test('a missing script of the workers is named', async () => {
    const prepare = () => {
      globalThis.Worker = new Proxy(Worker, {
        construct: (target, [, options]) => new target('/missing.js', options),
      });
    };
    await withPage({ prepare }, async (page) => {
      const { type, message } = await trainTiny(page);
      assert.equal(type, 'UserError');
      assert.match(message, /^a worker could not start: its script, browser\/index\.js/);
    });
  });

  test('without SIMD', async () => {
    const prepare = () => {
      WebAssembly.validate = () => false;
    };
    await withPage({ prepare }, async (page) => {
      const { type, message } = await trainTiny(page);
      assert.equal(type, 'UserError');
      assert.match(message, /cannot run the simd build .* WebAssembly SIMD is missing$/);
    });
  });

  test('without workers train refuses, and an engine has one thread and says why', async () => {
    const prepare = () => {
      Reflect.deleteProperty(globalThis, 'Worker');
    };
    await withPage({ prepare }, async (page) => {
      const { type, message } = await trainTiny(page);
      assert.equal(type, 'UserError');
      assert.match(message, /^this page cannot start workers, .* stepped by hand$/);
      const { threads, whyOneThread } = await page.evaluate(async () => {
        const engine = await api.core.Engine.create({ threads: 2, build: 'simd' });
        return { threads: engine.threads, whyOneThread: engine.whyOneThread };
      });
      assert.equal(threads, 1);
      assert.equal(whyOneThread, 'this host has no workers');
    });
  });

  test('an engine takes as much memory as the host grants', async () => {
    const prepare = () => {
      WebAssembly.Memory = new Proxy(WebAssembly.Memory, {
        construct(target, [descriptor]) {
          if (descriptor.maximum > 4096) throw new RangeError('could not allocate memory');
          return new target(descriptor);
        },
      });
    };
    await withPage({ prepare }, async (page) => {
      const most = await page.evaluate(async () => {
        const engine = await api.core.Engine.create({ threads: 1, build: 'simd' });
        return engine.maximumBytes;
      });
      assert.equal(most, 2 ** 28);
    });
  });

  test('without memory', async () => {
    const prepare = () => {
      WebAssembly.Memory = new Proxy(WebAssembly.Memory, {
        construct() {
          throw new RangeError('could not allocate memory');
        },
      });
    };
    await withPage({ prepare }, async (page) => {
      const { type, message } = await page.evaluate(() =>
        api.failureOf(() => api.core.Engine.create({ threads: 1, build: 'simd' })),
      );
      assert.equal(type, 'UserError');
      assert.match(message, /^out of memory: the host does not grant WebAssembly 64 MiB \(could/);
    });
  });

  test('a network too large for the memory is refused by its configuration', async () => {
    await withPage({}, async (page) => {
      const { type, message } = await page.evaluate(() =>
        api.failureOf(() =>
          api.core.train(
            { ...api.tiny.config, model: { kind: 'mlp', hidden: [40_000, 40_000] } },
            { data: api.tiny.data, build: 'simd' },
          ),
        ),
      );
      assert.equal(type, 'ConfigError');
      assert.match(message, /needs \d+ MiB of memory, the engine has .*too large for it$/);
    });
  });

  test('a divergence is one on the page, too', async () => {
    await withPage({}, async (page) => {
      const { type, message } = await page.evaluate(() =>
        api.failureOf(() =>
          api.core.train(
            { ...api.tiny.config, optimizer: { method: 'sgd', learningRate: 1e30, lambda: 0 } },
            { data: api.tiny.data, build: 'simd' },
          ),
        ),
      );
      assert.equal(type, 'DivergenceError');
      assert.match(message, /^training diverged at step \d+ \(epoch 1\)/);
    });
  });

  test('a function among the options is named', async () => {
    await withPage({}, async (page) => {
      const { type, message } = await page.evaluate(() => {
        const data = { ...api.tiny.data, augment: () => {} };
        return api.failureOf(() => api.core.train(api.tiny.config, { data, build: 'simd' }));
      });
      assert.equal(type, 'UserError');
      assert.match(message, /^train: data\.augment is a function, .* worker of your own$/);
    });
  });

  test('an observer that fails ends the run with its error', async () => {
    await withPage({}, async (page) => {
      const { message } = await page.evaluate(() =>
        api.failureOf(() =>
          api.core.train(api.tiny.config, {
            data: api.tiny.data,
            build: 'simd',
            observers: [{ onCheckpoint: () => Promise.reject(new Error('the disk is full')) }],
          }),
        ),
      );
      assert.equal(message, 'the disk is full');
    });
  });

  test('a run that is paused by a signal goes on to the bits of one that never was', async () => {
    await withPage({}, async (page) => {
      const found = await page.evaluate(async () => {
        const { data } = api.tiny;
        const config = { ...api.tiny.config, epochs: 5 };
        const whole = await api.core.train(config, { data, build: 'simd' });
        const abort = new AbortController();
        const checkpoints: import('@bregman/core').Checkpoint[] = [];
        let steps = 0;
        const paused = await api.core.train(config, {
          data,
          build: 'simd',
          signal: abort.signal,
          observers: [
            {
              onStep: () => steps++,
              onEpoch({ epoch }) {
                if (epoch === 2) abort.abort();
              },
              onCheckpoint(checkpoint) {
                checkpoints.push(checkpoint);
              },
            },
          ],
        });
        const { progress, weights, optimizer } = checkpoints.at(-1)!;
        const tensors = new Map([...weights, ...optimizer]);
        const resumed = await api.core.train(config, {
          data,
          build: 'simd',
          resume: { progress, tensors },
        });
        return {
          ending: paused.ending,
          steps,
          epochs: [paused.summary.epochs, resumed.summary.epochs],
          whole: [...whole.weights].map(([name, { data }]) => [name, ...data]),
          resumed: [...resumed.weights].map(([name, { data }]) => [name, ...data]),
        };
      });
      assert.equal(found.ending, 'signal');
      assert.equal(found.steps, 2 * Math.ceil(100 / 16));
      assert.deepEqual(found.epochs, [2, 5]);
      assert.deepEqual(found.resumed, found.whole);
    });
  });
});
