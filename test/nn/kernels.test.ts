import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import fc from 'fast-check';
import { callPerBlock, Engine, type PlannedBuffer, words } from '#lib/engine/index.js';
import { stream } from '#lib/math/index.js';
import { leakyRelu, linear, relu, sigmoid, tanh } from '#lib/nn/index.js';
import { activationOperation } from '#lib/nn/layers/activation.js';
import { linearOperation } from '#lib/nn/layers/linear.js';
import { planLoss } from '#lib/nn/loss.js';
import { builds } from '../engine/builds.js';
import * as plain from './plain.js';
import { assertClose, blocked } from './plain.js';
import { always, normals, planBatch, planSite, reindex, run } from './site.js';

const upTo = (max: number, min = 1) => fc.integer({ min, max });
const density = fc.oneof(fc.constantFrom(0, 1, 0.02), fc.double({ min: 0, max: 1, noNaN: true }));
const seed = fc.integer();
const samples = upTo(50);

/** Small layers, some with one row or column; deep ones whose sums the kernels cut into pieces. */
const sizes = fc.oneof(
  { weight: 4, arbitrary: fc.record({ rows: upTo(70), columns: upTo(70), samples }) },
  { weight: 1, arbitrary: fc.record({ rows: upTo(7), columns: upTo(2100, 1000), samples }) },
  { weight: 1, arbitrary: fc.record({ rows: upTo(1100, 1000), columns: upTo(7), samples }) },
);

for (const { build, skip } of builds) {
  describe(`kernels, build ${build}`, { skip }, async () => {
    if (skip) return;
    const engine = await Engine.create({ build, threads: 2 });
    after(() => engine.close());
    const read = (buffer: PlannedBuffer) => engine.floats(buffer).slice();
    const write = (buffer: PlannedBuffer, values: Float32Array) =>
      engine.floats(buffer).set(values);

    for (const by of ['rows', 'entries'] as const) {
      /** A linear layer with random contents, and the same contents for the plain version. */
      const place = (size: plain.Sizes, density: number, seed: number) => {
        const { rows, columns, samples } = size;
        const layer = linear(rows);
        const site = planSite(linearOperation, layer, [columns], samples, always[by]);
        const w = normals(rows * columns, seed, density);
        const b = normals(rows, seed);
        const x = normals(samples * columns, seed + 1);
        const g = normals(samples * rows, seed + 2);
        write(site.parameters.weight.value, w);
        write(site.parameters.bias.value, b);
        // What the last lanes hold in hidden layers must not matter where their gradient is 0.
        write(site.input.value, blocked(x, samples, 7));
        write(site.output.gradient!, blocked(g, samples));
        reindex(engine, site);
        return { layer, site, w, b, x, g };
      };
      const check = (body: (size: plain.Sizes, density: number, seed: number) => void) =>
        fc.assert(fc.property(sizes, density, seed, body), { numRuns: 60 });

      test(`linear forward by ${by}`, () => {
        check((size, density, seed) => {
          const { layer, site, w, b, x } = place(size, density, seed);
          run(engine, linearOperation.forward(layer, site), size.samples);
          const expected = blocked(plain.linear(w, b, x, size), size.samples, NaN);
          // Past the samples the output is of no interest.
          const isSample = (_: number, i: number) => !Number.isNaN(expected[i]);
          assertClose(read(site.output.value).filter(isSample), expected.filter(isSample));
        });
      });

      test(`linear without bias forward by ${by}`, () => {
        check((size, density, seed) => {
          const { w, x } = place(size, density, seed);
          const layer = linear(size.rows, { bias: false });
          const site = planSite(linearOperation, layer, [size.columns], size.samples, always[by]);
          write(site.parameters.weight.value, w);
          write(site.input.value, blocked(x, size.samples));
          reindex(engine, site);
          run(engine, linearOperation.forward(layer, site), size.samples);
          const expected = plain.linear(w, new Float32Array(size.rows), x, size);
          assertClose(read(site.output.value), blocked(expected, size.samples));
        });
      });

      test(`linear backward by ${by}, gradients of all weights`, () => {
        check((size, density, seed) => {
          const { layer, site, w, x, g } = place(size, density, seed);
          run(engine, linearOperation.backward(layer, site, 'all'), size.samples);
          const { weight, bias } = site.parameters;
          assertClose(read(weight.gradient), plain.weightGradient(x, g, size));
          assertClose(read(bias.gradient), plain.biasGradient(g, size));
          const expected = plain.inputGradient(w, g, size);
          assertClose(read(site.input.gradient!), blocked(expected, size.samples));
        });
      });

      test(`linear backward by ${by}, gradients on the support`, () => {
        check((size, density, seed) => {
          const { layer, site, w, x, g } = place(size, density, seed);
          run(engine, linearOperation.backward(layer, site, 'support'), size.samples);
          const onSupport = (_: number, i: number) => w[i] !== 0;
          assertClose(
            read(site.parameters.weight.gradient).filter(onSupport),
            plain.weightGradient(x, g, size).filter(onSupport),
          );
        });
      });
    }

    test('index of the non-zeros', () => {
      fc.assert(
        fc.property(upTo(70), upTo(70), density, seed, (rows, columns, density, seed) => {
          const site = planSite(linearOperation, linear(rows), [columns], 1, always.entries);
          const { value, support } = site.parameters.weight;
          const w = normals(rows * columns, seed, density);
          write(value, w);
          reindex(engine, site);

          const byRow = Array.from({ length: rows }, (_, r) => {
            const row = w.subarray(r * columns, (r + 1) * columns);
            return [...row.keys()].filter((c) => row[c] !== 0);
          });
          const active = [...byRow.keys()].filter((r) => byRow[r].length > 0);
          const empty = [...byRow.keys()].filter((r) => byRow[r].length === 0);
          const entries = byRow.flat();
          const header = engine.integers(support!.header);
          assert.deepEqual([...header.subarray(3, 5)], [active.length, entries.length]);

          const [order, counts, starts, columnsOf, values] = support!.header.fields!.slice(8);
          const integers = (buffer: number | PlannedBuffer, count: number) => [
            ...engine.integers(buffer as PlannedBuffer).subarray(0, count),
          ];
          assert.deepEqual(integers(order, rows), [...active, ...empty]);
          assert.deepEqual(
            integers(counts, rows),
            byRow.map((row) => row.length),
          );
          assert.equal(integers(starts, rows + 1).at(-1), entries.length);
          assert.deepEqual(integers(columnsOf, entries.length), entries);
          assert.deepEqual(
            read(values as PlannedBuffer).subarray(0, entries.length),
            w.filter((x) => x !== 0),
          );
        }),
        { numRuns: 60 },
      );
    });

    for (const layer of [relu(), leakyRelu(0.1), sigmoid(), tanh()]) {
      test(layer.kind, () => {
        const features = upTo(9);
        fc.assert(
          fc.property(features, samples, seed, (features, samples, seed) => {
            const site = planSite(activationOperation, layer, [features], samples);
            const x = normals(samples * features, seed).map((x) => 5 * x ** 3);
            const g = normals(samples * features, seed + 1);
            write(site.input.value, blocked(x, samples, 1));
            write(site.output.gradient!, blocked(g, samples));
            run(engine, activationOperation.forward(layer, site), samples);
            run(engine, activationOperation.backward(layer, site, 'all'), samples);
            const [f, derivative] = plain.activations[layer.kind];
            const outputs = blocked(Array.from(x, f), samples, f(1));
            assertClose(read(site.output.value), outputs, 1e-6);
            const gradients = Array.from(x, (x, i) => g[i] * derivative(x));
            assertClose(read(site.input.gradient!), blocked(gradients, samples), 1e-6);
          }),
          { numRuns: 60 },
        );
      });
    }

    const placeLoss = (name: 'cross-entropy' | 'squared-error', y: Float32Array, count: number) => {
      const features = y.length / count;
      const values = blocked(y, count, 1);
      const output = {
        shape: [features],
        value: words('output', values.length),
        gradient: words('gradient', values.length),
      };
      write(output.value, values);
      const plan = planLoss(name, planBatch(count), output, values.length / features);
      return { plan, gradient: output.gradient };
    };

    test('softmax cross-entropy', () => {
      fc.assert(
        fc.property(upTo(12), samples, seed, (classes, samples, seed) => {
          const logits = normals(samples * classes, seed).map((x) => 30 * x);
          const { below } = stream(seed, 'labels');
          const labels = Int32Array.from({ length: samples }, () => below(classes));
          const { plan, gradient } = placeLoss('cross-entropy', logits, samples);
          engine.integers(plan.labels).set(labels);
          run(engine, plan.calls, samples);
          const expected = plain.crossEntropy(logits, labels, samples);
          assertClose(read(plan.losses).subarray(0, samples), expected.losses, 1e-6);
          assertClose(read(gradient), blocked(expected.gradient, samples), 1e-6);
          const hits = engine.integers(plan.hits).subarray(0, samples);
          assert.deepEqual([...hits], expected.hits);
        }),
        { numRuns: 60 },
      );
    });

    test('cross-entropy of a sure network keeps its small digits', () => {
      const { plan } = placeLoss('cross-entropy', Float32Array.of(300, 290), 1);
      run(engine, plan.calls);
      assertClose([1e5 * read(plan.losses)[0]], [1e5 * Math.log1p(Math.exp(-10))], 1e-2);
    });

    test('among equal logits the first is the answer', () => {
      const { plan } = placeLoss('cross-entropy', Float32Array.of(0, 0, 0, 0, 0, 0), 2);
      engine.integers(plan.labels).set([0, 1]);
      run(engine, plan.calls, 2);
      assert.deepEqual([...engine.integers(plan.hits).subarray(0, 2)], [1, 0]);
    });

    test('squared error', () => {
      fc.assert(
        fc.property(upTo(12), samples, seed, (features, samples, seed) => {
          const output = normals(samples * features, seed);
          const target = normals(samples * features, seed + 1);
          const { plan, gradient } = placeLoss('squared-error', output, samples);
          write(plan.target, blocked(target, samples));
          run(engine, plan.calls, samples);
          const expected = plain.squaredError(output, target, samples);
          assertClose(read(plan.losses).subarray(0, samples), expected.losses);
          assertClose(read(gradient), blocked(expected.gradient, samples));
        }),
        { numRuns: 60 },
      );
    });

    for (const type of ['bytes', 'floats'] as const) {
      test(`loading ${type}, normalized by channel`, () => {
        fc.assert(
          fc.property(upTo(4), upTo(9), samples, seed, (channels, plane, samples, seed) => {
            const features = channels * plane;
            const raw = normals(samples * features, seed).map((x) =>
              type === 'bytes' ? Math.abs(Math.trunc(100 * x)) % 256 : x,
            );
            const [scale, shift] = [normals(channels, seed), normals(channels, seed + 1)];
            const buffers = {
              raw: words('raw', raw.length),
              scale: words('scale', channels),
              shift: words('shift', channels),
              output: words('output', Math.ceil(samples / 16) * 16 * features),
            };
            if (type === 'bytes') engine.bytes(buffers.raw).set(raw);
            else write(buffers.raw, raw);
            write(buffers.scale, scale);
            write(buffers.shift, shift);
            engine.floats(buffers.output).fill(NaN);
            const bytes = type === 'bytes' ? 1 : 0;
            const batch = planBatch(samples);
            run(
              engine,
              [callPerBlock('loadBatch', { batch, features, plane, bytes, ...buffers })],
              samples,
            );
            const expected = Array.from(raw, (x, i) => {
              const channel = Math.floor((i % features) / plane);
              return x * scale[channel] + shift[channel];
            });
            assertClose(read(buffers.output), blocked(expected, samples), 1e-6);
          }),
          { numRuns: 60 },
        );
      });
    }
  });
}
