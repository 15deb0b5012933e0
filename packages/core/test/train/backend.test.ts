import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WasmBackend } from '#lib/backend/index.js';
import { PlainBackend } from '#lib/backend/plain/index.js';
import { evaluate, resolveConfig, train } from '#lib/train/index.js';
import { bits, toyConfig, toyData } from './toy.js';

const data = toyData();

test('where WebAssembly SIMD is missing training runs in plain TypeScript, and says why', async (t) => {
  const asked = await train(toyConfig(), { data, backend: 'plain' });
  assert.equal(asked.summary.machine!.kernels, 'plain');
  assert.equal(asked.summary.machine!.whyPlain, undefined);

  t.mock.method(WebAssembly, 'validate', () => false);
  const fallen = await train(toyConfig(), { data });
  const { machine, threads, test: score } = fallen.summary;
  assert.equal(machine!.kernels, 'plain');
  assert.equal(machine!.whyPlain, 'this JavaScript engine has no WebAssembly SIMD');
  assert.equal(threads, 1);
  assert.deepEqual(bits(fallen.weights), bits(asked.weights));
  assert.deepEqual(await evaluate(fallen.config, fallen.weights, { data }), score);
  for (const wanted of [{ build: 'simd' }, { backend: 'wasm' }] as const) {
    await assert.rejects(train(toyConfig(), { data, ...wanted }), {
      name: 'UserError',
      message: /SIMD is missing$/,
    });
  }
});

test('both backends learn the same, but for rounding', async () => {
  const [plain, wasm] = await Promise.all(
    (['plain', 'wasm'] as const).map(async (backend) => {
      const result = await train(toyConfig({ epochs: 2 }), { data, backend, threads: 1 });
      result.close();
      return result;
    }),
  );
  assert.ok(Math.abs(plain.metrics[1].train.loss / wasm.metrics[1].train.loss - 1) < 1e-3);
  for (const [name, { data: values }] of plain.weights) {
    const others = wasm.weights.get(name)!.data;
    assert.ok(
      values.every((value, i) => Math.abs(value - others[i]) < 1e-3),
      name,
    );
  }
});

test('a backend of one’s own is used, and stays open', async (t) => {
  const wasm = await WasmBackend.create({ threads: 1, build: 'simd' });
  t.after(() => wasm.close());
  for (const backend of [wasm, new PlainBackend()]) {
    const close = t.mock.method(backend, 'close');
    const result = await train(toyConfig({ epochs: 1 }), { data, backend });
    result.close();
    assert.equal(result.network.backend, backend);
    const { config, weights, summary } = result;
    assert.deepEqual(
      await evaluate(resolveConfig(config), weights, { data, backend }),
      summary.test,
    );
    assert.equal(close.mock.callCount(), 0);
  }
});
