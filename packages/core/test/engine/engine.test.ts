import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, mock, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { WasmBackend } from '#lib/backend/index.js';
import {
  abreast,
  call,
  callPerBlock,
  Engine,
  part,
  record,
  together,
  words,
} from '#lib/engine/index.js';
import { network } from '#lib/graph/index.js';
import { linear, tanh } from '#lib/layers/index.js';
import { layoutOf } from '#lib/lowering/planes.js';
import { defaultBreakEven, planSupport } from '#lib/lowering/support.js';
import { l1 } from '#lib/math/index.js';
import { denseStart, initialize } from '#lib/train/initialize.js';
import { builds } from './builds.js';
import { bitsAfterTraining, kinds, regularizers } from './training.js';

/** Lends an engine to `body`. */
async function withEngine<T>(
  options: Parameters<typeof Engine.create>[0],
  body: (engine: Engine) => T,
): Promise<T> {
  const engine = await Engine.create(options);
  try {
    return body(engine);
  } finally {
    engine.close();
  }
}

const noWideVectors = 'this version of Node has none that were tested';

for (const { build, skip } of builds) {
  describe(`the same bits, build ${build}`, { skip }, () => {
    for (const [name, regularizer] of Object.entries(regularizers)) {
      for (const kind of kinds) {
        test(`on one, two and three threads, ${kind}, ${name}`, async () => {
          const train = (engine: Engine) => bitsAfterTraining(engine, regularizer, { kind });
          const one = await withEngine({ build, threads: 1 }, train);
          assert.equal(await withEngine({ build, threads: 2 }, train), one);
          assert.equal(await withEngine({ build, threads: 3 }, train), one);
        });
      }
    }

    test('on one, two and three threads, inputs mostly 0, copied or held', async () => {
      for (const method of ['linbreg', 'adabreg'] as const) {
        const train = (held: boolean) => (engine: Engine) =>
          bitsAfterTraining(engine, l1(), { method, lit: 0.2, held });
        const one = await withEngine({ build, threads: 1 }, train(false));
        assert.equal(await withEngine({ build, threads: 1 }, train(true)), one);
        assert.equal(await withEngine({ build, threads: 2 }, train(true)), one);
        assert.equal(await withEngine({ build, threads: 3 }, train(false)), one);
      }
    });

    test('after the memory grew under the threads', async () => {
      const alone = await withEngine({ build, threads: 1 }, (engine) =>
        bitsAfterTraining(engine, l1(), { width: 3000 }),
      );
      await withEngine({ build, threads: 3 }, (engine) => {
        const small = bitsAfterTraining(engine, l1());
        const used = engine.usedBytes;
        assert.equal(bitsAfterTraining(engine, l1(), { width: 3000 }), alone);
        assert.ok(engine.usedBytes > used + 2 ** 24, `${engine.usedBytes} bytes`);
        assert.equal(bitsAfterTraining(engine, l1()), small);
      });
    });

    test('in memory beyond 2 GiB', async () => {
      const train = (engine: Engine) => bitsAfterTraining(engine, l1());
      const low = await withEngine({ build, threads: 2 }, train);
      await withEngine({ build, threads: 2 }, (engine) => {
        engine.allocate(words('never touched', 2 ** 29));
        assert.equal(train(engine), low);
      });
    });
  });
}

test('where memory cannot be shared, one thread gives the same bits', async () => {
  const { stdout } = await run('./unshared.ts');
  const { threads, bits } = JSON.parse(stdout);
  const available = builds.filter(({ skip }) => !skip);
  assert.deepEqual(
    threads,
    available.map(() => 1),
  );
  const expected = [];
  for (const { build } of available) {
    for (const regularizer of Object.values(regularizers)) {
      const train = (engine: Engine) => bitsAfterTraining(engine, regularizer);
      expected.push(await withEngine({ build, threads: 2 }, train));
    }
  }
  assert.deepEqual(bits, expected);
});

/** Runs a program of this folder with flags of V8. */
async function run(program: string, ...flags: string[]): Promise<{ stdout: string }> {
  const path = fileURLToPath(new URL(program, import.meta.url));
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [
    ...flags,
    '--import',
    'tsx',
    path,
  ]);
  assert.equal(stderr, '');
  return { stdout };
}

test('V8 can make wide vectors of all kernels', async (t) => {
  const { stdout } = await run('./wide-compile.ts', '--no-liftoff', '--no-wasm-lazy-compilation');
  if (stdout === '') return t.skip(noWideVectors);
  assert.equal(stdout, 'simd shared\nsimd single\nrelaxed shared\nrelaxed single\n');
});

test('wide vectors give the same bits', async (t) => {
  // All code is optimized from its first call on: only then are vectors joined.
  const { stdout } = await run('./wide.ts', '--no-liftoff');
  const { isWide, bits } = JSON.parse(stdout);
  if (!isWide) return t.skip(noWideVectors);
  const expected = [];
  for (const { build } of builds.filter(({ skip }) => !skip)) {
    for (const kind of kinds) {
      for (const regularizer of Object.values(regularizers)) {
        const train = (engine: Engine) => bitsAfterTraining(engine, regularizer, { kind });
        expected.push(await withEngine({ build, threads: 2 }, train));
      }
    }
  }
  assert.deepEqual(bits, expected);
});

test('a program without calls leaves the threads in step', async () => {
  await withEngine({ threads: 3 }, (engine) => {
    const nothing = engine.load([]);
    const bits = bitsAfterTraining(engine, l1());
    for (let round = 0; round < 20; round++) {
      for (let i = 0; i < 50; i++) engine.run(nothing, 1);
      assert.equal(bitsAfterTraining(engine, l1()), bits);
    }
  });
});

test('calls that overlap are all done before the next one', async () => {
  const batch = record('Batch', { samples: 16, blocks: 1, sampledBlock: 0 });
  const features = 640;
  const fill = (name: string) => {
    const layout = layoutOf([features]);
    const buffers = {
      raw: words('raw', 16 * features),
      output: words(name, 16 * features),
      scale: words('scale', 1),
      shift: words('shift', 1),
    };
    const call = callPerBlock('loadBatch', {
      batch,
      layout: layout.record,
      perChannel: 0,
      bytes: 0,
      places: undefined,
      ...buffers,
    });
    return { call, ...buffers };
  };
  await withEngine({ threads: 3 }, (engine) => {
    const inputs = [fill('a'), fill('b'), fill('c')];
    const sums = inputs.map(({ output }, i) => {
      const biasGradient = words(`sum ${i}`, features);
      return {
        biasGradient,
        call: call('biasGradient', { batch, features, outputGradient: output, biasGradient }, 10),
      };
    });
    const program = engine.load([
      ...together(inputs.map((each) => each.call)),
      ...together(sums.map((each) => each.call)),
    ]);
    for (const { scale } of inputs) engine.floats(scale).fill(1);
    for (let round = 1; round <= 200; round++) {
      inputs.forEach(({ raw }, i) => {
        engine.floats(raw).fill(round + i);
      });
      engine.run(program, 1);
      sums.forEach(({ biasGradient }, i) => {
        assert.ok(engine.floats(biasGradient).every((sum) => sum === 16 * (round + i)));
      });
    }
  });
});

test('calls that overlap run or not as their flags say, run after run', async () => {
  const features = 64;
  const batch = record('Batch', { samples: 16, blocks: 1, sampledBlock: 0 });
  await withEngine({ threads: 4 }, (engine) => {
    const input = words('input', 16 * features);
    engine.floats(input).fill(1);
    const sums = [0, 1, 0, 1].map((equals, i) => ({ equals, sum: words(`sum ${i}`, features) }));
    const program = engine.load(
      together(
        sums.map(({ equals, sum: biasGradient }) =>
          call('biasGradient', { batch, features, outputGradient: input, biasGradient }, 1, {
            record: batch,
            field: 'sampledBlock',
            equals,
          }),
        ),
      ),
    );
    const nothing = engine.load([]);
    // More runs than a ticket has generations.
    for (let round = 0; round < 5000; round++) {
      for (const { sum } of sums) engine.floats(sum).fill(0);
      const value = (round >> 1) & 1;
      engine.setFields(batch, { sampledBlock: value });
      if (round % 5 === 0) engine.run(nothing, 1);
      engine.run(program, 1);
      for (const { equals, sum } of sums) {
        assert.equal(engine.floats(sum)[features - 1], equals === value ? 16 : 0);
      }
    }
  });
});

test('side by side, lists of calls keep their order', () => {
  const [a, b] = ['countRows', 'supportFill'] as const;
  const weight = words('w', 1);
  const of = (kernel: typeof a | typeof b) =>
    call(kernel, { support: planSupport('w', 1, 1, defaultBreakEven).header, weight }, 1);
  const program = abreast([[of(a), of(b)], [], [of(b)]]);
  assert.deepEqual(
    program.map(({ kernel, overlaps = false }) => [kernel, overlaps]),
    [
      [a, false],
      [b, true],
      [b, false],
    ],
  );
});

describe('an engine refuses', () => {
  for (const threads of [0, -1, 1.5, NaN]) {
    test(`${threads} threads`, async () => {
      await assert.rejects(Engine.create({ threads }), /^RangeError: threads: .* whole number/);
    });
  }

  test('the relaxed build where the host lacks it', async (t) => {
    t.mock.method(WebAssembly, 'validate', () => false);
    await assert.rejects(Engine.create({ build: 'relaxed' }), /relaxed SIMD needs Node 22/);
    await assert.rejects(Engine.create(), /SIMD is missing/);
    mock.restoreAll();
  });

  test('to run when it is closed', async () => {
    const engine = await Engine.create({ threads: 2 });
    const program = engine.load([]);
    engine.close();
    engine.close();
    assert.throws(() => engine.run(program, 1), /closed/);
  });

  test('a part that ends past its whole', async () => {
    await withEngine({ threads: 1 }, (engine) => {
      const whole = words('whole', 4);
      engine.integers(whole).set([1, 2, 3, 4]);
      assert.deepEqual([...engine.integers(part('half', whole, 8, 8))], [3, 4]);
      assert.throws(() => engine.allocate(part('more', whole, 8, 12)), /'more' ends past 'whole'/);
    });
  });

  test('more memory than it may have', async () => {
    await withEngine({ threads: 1, maximumBytes: 2 ** 21 }, (engine) => {
      assert.throws(() => engine.allocate(words('large', 2 ** 20)), /out of memory: 4 MiB/);
      engine.allocate(words('small', 2 ** 10));
    });
  });
});

test('threads that come late to a run of another batch size do nothing wrong', async () => {
  const sizes = Array.from({ length: 400 }, (_, i) => 1 + ((i * 37) % 128));
  const inputs = Float32Array.from({ length: 128 * 12 }, (_, i) => Math.sin(i));
  const layers = [['fc1', linear(40)], tanh(), ['fc2', linear(3)]] as const;
  const predictions = (engine: Engine) => {
    const net = new WasmBackend(engine).compile(network([12], layers), { batchSize: 128 });
    initialize(net, 1, () => denseStart);
    return sizes.map((count) => [...net.predict(inputs.subarray(0, count * 12))]);
  };
  const alone = await withEngine({ threads: 1 }, predictions);
  // More threads than cores, so that some are late all the time.
  assert.deepEqual(await withEngine({ threads: 6 }, predictions), alone);
});
