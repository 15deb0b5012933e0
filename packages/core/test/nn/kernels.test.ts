import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import fc from 'fast-check';
import { planLoss } from '#lib/backend/wasm/loss.js';
import { callPerBlock, Engine, type PlannedBuffer, words } from '#lib/engine/index.js';
import { leakyRelu, linear, relu, sigmoid, tanh } from '#lib/layers/index.js';
import { layoutOf, planTensor } from '#lib/lowering/planes.js';
import { sizeOf, stream } from '#lib/math/index.js';
import { builds } from '../engine/builds.js';
import * as plain from './plain.js';
import { assertClose, blocked } from './plain.js';
import {
  always,
  blocksOf,
  normals,
  PlacedSite,
  planBatch,
  planTensors,
  run,
  type SiteOptions,
} from './site.js';

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
      const place = (size: plain.Sizes, density: number, seed: number, options?: SiteOptions) => {
        const { rows, columns, samples } = size;
        const breakEven = always[by];
        const layer = linear(rows);
        const site = new PlacedSite(engine, layer, [[columns]], samples, { breakEven, ...options });
        const w = normals(rows * columns, seed, density);
        const b = normals(rows, seed);
        const x = normals(samples * columns, seed + 1);
        const g = normals(samples * rows, seed + 2);
        site.write(site.parameters.weight.value, w);
        site.write(site.parameters.bias.value, b);
        // What the last lanes hold in hidden layers must not matter where their gradient is 0.
        site.fill(site.inputs[0], 'value', x, 7);
        site.fill(site.output, 'gradient', g);
        site.reindex();
        return { site, w, b, x, g };
      };
      const check = (body: (size: plain.Sizes, density: number, seed: number) => void) =>
        fc.assert(fc.property(sizes, density, seed, body), { numRuns: 40 });

      test(`linear forward by ${by}`, () => {
        check((size, density, seed) => {
          const { site, w, b, x } = place(size, density, seed);
          site.run(site.placed.forward('training'));
          site.assert(site.output, 'value', plain.linear(w, b, x, size));
        });
      });

      test(`linear without bias forward by ${by}`, () => {
        check((size, density, seed) => {
          const { w, x } = place(size, density, seed);
          const { rows, columns, samples } = size;
          const layer = linear(rows, { bias: false });
          const options = { breakEven: always[by] };
          const site = new PlacedSite(engine, layer, [[columns]], samples, options);
          site.write(site.parameters.weight.value, w);
          site.fill(site.inputs[0], 'value', x);
          site.reindex();
          site.run(site.placed.forward('training'));
          const expected = plain.linear(w, new Float32Array(rows), x, size);
          site.assert(site.output, 'value', expected, { padding: 0 });
        });
      });

      test(`linear backward by ${by}, gradients of all weights`, () => {
        check((size, density, seed) => {
          const { site, w, x, g } = place(size, density, seed);
          site.run(site.placed.backward('all'));
          const { weight, bias } = site.parameters;
          assertClose(site.read(weight.gradient), plain.weightGradient(x, g, size));
          assertClose(site.read(bias.gradient), plain.biasGradient(g, size));
          site.assert(site.inputs[0], 'gradient', plain.inputGradient(w, g, size));
        });
      });

      test(`linear by ${by}, second reader of its input`, () => {
        check((size, density, seed) => {
          const { site, w, g } = place(size, density, seed, { accumulates: [true] });
          const first = normals(size.samples * size.columns, seed + 3);
          site.fill(site.inputs[0], 'gradient', first);
          site.run(site.placed.backward('all'));
          const own = plain.inputGradient(w, g, size);
          site.assert(
            site.inputs[0],
            'gradient',
            own.map((x, i) => x + first[i]),
          );
        });
      });

      test(`linear backward by ${by}, gradients on the support, and sampled elsewhere`, () => {
        check((size, density, seed) => {
          const blocks = blocksOf(size.samples);
          const sampledBlock = Math.abs(seed) % blocks;
          const { site, w, x, g } = place(size, density, seed, { sampledBlock });
          const exact = plain.weightGradient(x, g, size);
          const onSupport = (_: number, i: number) => w[i] !== 0;
          const { gradient } = site.parameters.weight;
          site.run(site.placed.backward('support'));
          assertClose(site.read(gradient).filter(onSupport), exact.filter(onSupport));

          site.run(site.placed.backward('sampled'));
          const sampled = plain.weightGradient(
            x,
            plain.oneBlock(g, size.samples, sampledBlock),
            size,
          );
          const isExact = plain.isExact(w, size.rows, by);
          const expected = exact.map((each, i) => (isExact(i) ? each : sampled[i]));
          assertClose(site.read(gradient), expected);
        });
      });
    }

    /** A layer with enough rows to look for background, and inputs of which a share is lit. */
    const placeLit = (size: plain.Sizes, share: number, seed: number) => {
      const { rows, columns, samples } = size;
      const site = new PlacedSite(engine, linear(rows), [[columns]], samples);
      const backgrounds = normals(columns, seed, 0.7).map((c) => Math.fround(-Math.abs(c)));
      const lit = normals(samples * columns, seed + 1, share);
      const x = lit.map((excess, i) => backgrounds[i % columns] + Math.abs(excess));
      const g = normals(samples * rows, seed + 2);
      site.fill(site.inputs[0], 'value', x, 7);
      site.fill(site.output, 'gradient', g);
      site.reindex();
      const calls = site.placed.backward('all');
      const kernels = calls.map(({ kernel }) => kernel);
      const { lit: record } = calls[kernels.indexOf('litWeightGradient')].args as {
        lit: PlannedBuffer;
      };
      const isSparse = () => engine.integers(record)[1] === 1;
      return { site, x, g, calls, isSparse };
    };
    const litSizes = fc.record({
      rows: fc.oneof(upTo(150, 96), upTo(300, 200)),
      columns: fc.oneof(upTo(70), upTo(600, 500)),
      samples: fc.oneof(upTo(50), upTo(150, 120)),
    });
    const share = fc.oneof(fc.constantFrom(0, 0.1, 0.35, 0.45, 1), fc.double({ min: 0, max: 1 }));

    test('linear backward, gradients of all weights, where inputs are mostly background', () => {
      fc.assert(
        fc.property(litSizes, share, seed, (size, share, seed) => {
          if (Number.isNaN(share)) return;
          const { site, x, g, calls, isSparse } = placeLit(size, share, seed);
          site.run(calls);
          const { weight, bias } = site.parameters;
          assertClose(site.read(weight.gradient), plain.weightGradient(x, g, size));
          assertClose(site.read(bias.gradient), plain.biasGradient(g, size));
          if (size.samples < 32 || size.columns < 30) return;
          // Lanes past the samples may hold anything, and count.
          if (share < 0.2) assert.ok(isSparse(), `${share} lit`);
          if (share > 0.7) assert.ok(!isSparse(), `${share} lit`);
        }),
        { numRuns: 60 },
      );
    });

    test('what is not a number passes through the sums over lit samples', () => {
      const size = { rows: 100, columns: 40, samples: 64 };
      for (const [where, bad] of [
        ['gradient', NaN],
        ['gradient', Infinity],
        ['value', NaN],
        ['value', -Infinity],
      ] as const) {
        const { site, x, g, calls, isSparse } = placeLit(size, 0.1, 3);
        if (where === 'value') {
          x[11 * size.columns + 5] = bad;
          site.fill(site.inputs[0], 'value', x);
        } else {
          g[11 * size.rows + 5] = bad;
          site.fill(site.output, 'gradient', g);
        }
        site.run(calls);
        assert.ok(isSparse());
        const expected = plain.weightGradient(x, g, size);
        const actual = site.read(site.parameters.weight.gradient);
        // What is NaN or infinite by rows is not finite here; an infinity may become NaN.
        for (const [i, value] of actual.entries()) {
          if (Number.isNaN(bad))
            assert.equal(Number.isNaN(value), Number.isNaN(expected[i]), `${i}`);
          else if (Number.isFinite(value)) assert.ok(Number.isFinite(expected[i]), `${i}`);
        }
      }
    });

    test('index of the non-zeros', () => {
      fc.assert(
        fc.property(upTo(70), upTo(70), density, seed, (rows, columns, density, seed) => {
          const options = { breakEven: always.entries };
          const site = new PlacedSite(engine, linear(rows), [[columns]], 1, options);
          const { value, support } = site.parameters.weight;
          const w = normals(rows * columns, seed, density);
          write(value, w);
          site.reindex();

          const byRow = Array.from({ length: rows }, (_, r) => {
            const row = w.subarray(r * columns, (r + 1) * columns);
            return [...row.keys()].filter((c) => row[c] !== 0);
          });
          const active = [...byRow.keys()].filter((r) => byRow[r].length > 0);
          const empty = [...byRow.keys()].filter((r) => byRow[r].length === 0);
          const entries = byRow.flat();
          const { header } = support!;
          assert.equal(engine.field(header, 'activeRows'), active.length);
          assert.equal(engine.field(header, 'nonZeros'), entries.length);

          const { order, counts, starts, entries: columnsOf, values } = header.fields;
          const integers = (buffer: PlannedBuffer | undefined, count: number) => [
            ...engine.integers(buffer!).subarray(0, count),
          ];
          assert.deepEqual(integers(order, rows), [...active, ...empty]);
          assert.deepEqual(
            integers(counts, rows),
            byRow.map((row) => row.length),
          );
          assert.equal(integers(starts, rows + 1).at(-1), entries.length);
          assert.deepEqual(integers(columnsOf, entries.length), entries);
          assert.deepEqual(
            read(values!).subarray(0, entries.length),
            w.filter((x) => x !== 0),
          );
        }),
        { numRuns: 60 },
      );
    });

    for (const layer of [relu(), leakyRelu(0.1), sigmoid(), tanh()]) {
      test(layer.kind, () => {
        const shape = fc.oneof(
          fc.tuple(upTo(9)),
          fc.tuple(upTo(3), upTo(4), upTo(4)) satisfies fc.Arbitrary<number[]>,
        );
        const place = fc.constantFrom('in place', 'elsewhere', 'second reader');
        fc.assert(
          fc.property(
            shape,
            upTo(2, 0),
            place,
            samples,
            seed,
            (shape, halo, place, count, seed) => {
              const halos = shape.length === 3 ? [halo, halo] : [];
              const inPlace = place === 'in place';
              const accumulates = [place === 'second reader'];
              const options = { halos, inPlace, accumulates };
              const site = new PlacedSite(engine, layer, [shape], count, options);
              const x = normals(count * sizeOf(shape), seed).map((x) => 5 * x ** 3);
              const g = normals(x.length, seed + 1);
              const before = normals(x.length, seed + 2);
              site.fill(site.inputs[0], 'value', x, 1);
              site.run(site.placed.forward('training'));
              const spec = plain.specify(layer, count, [{ shape, value: x }]);
              const [padding] = plain.specify(layer, 1, [{ shape: [1], value: [1] }]).forward();
              const tolerance = 1e-6;
              site.assert(site.output, 'value', spec.forward(), { padding, tolerance });
              if (!inPlace) site.fill(site.inputs[0], 'gradient', before);
              site.fill(site.output, 'gradient', g);
              site.run(site.placed.backward('all'));
              const gradients = spec
                .gradients(g)
                .inputs[0].map((own, i) => own + (accumulates[0] ? before[i] : 0));
              site.assert(site.inputs[0], 'gradient', gradients, { tolerance });
            },
          ),
          { numRuns: 60 },
        );
      });
    }

    const placeLoss = (
      name: 'cross-entropy' | 'squared-error',
      y: Float32Array,
      count: number,
      {
        shape = [y.length / count],
        halo = 0,
        smoothing = 0,
      }: { shape?: readonly number[]; halo?: number; smoothing?: number } = {},
    ) => {
      const output = planTensors(shape, count, halo);
      write(output.value, blocked(y, count, 1, output.layout));
      return { plan: planLoss(name, planBatch(count), output, count, smoothing), ...output };
    };

    test('softmax cross-entropy', () => {
      fc.assert(
        fc.property(upTo(12), samples, seed, (classes, samples, seed) => {
          const logits = normals(samples * classes, seed).map((x) => 30 * x);
          const { below } = stream(seed, 'labels');
          const labels = Int32Array.from({ length: samples }, () => below(classes));
          const { plan, gradient } = placeLoss('cross-entropy', logits, samples);
          engine.integers(plan.labels).set(labels);
          run(engine, plan.calls('training'), samples);
          const expected = plain.crossEntropy(logits, labels, samples);
          assertClose(read(plan.losses).subarray(0, samples), expected.losses, 1e-6);
          assertClose(read(gradient), blocked(expected.gradient, samples), 1e-6);
          const hits = engine.integers(plan.hits).subarray(0, samples);
          assert.deepEqual([...hits], expected.hits);
        }),
        { numRuns: 60 },
      );
    });

    test('softmax cross-entropy with smoothed labels, and with plain ones in evaluation', () => {
      const share = fc.double({ min: 0, max: 0.99, noNaN: true });
      fc.assert(
        fc.property(upTo(12), samples, share, seed, (classes, samples, smoothing, seed) => {
          const logits = normals(samples * classes, seed).map((x) => 10 * x);
          const { below } = stream(seed, 'labels');
          const labels = Int32Array.from({ length: samples }, () => below(classes));
          const { plan, gradient } = placeLoss('cross-entropy', logits, samples, { smoothing });
          engine.integers(plan.labels).set(labels);
          for (const mode of ['training', 'evaluation'] as const) {
            run(engine, plan.calls(mode), samples);
            const own = mode === 'training' ? smoothing : 0;
            const expected = plain.crossEntropy(logits, labels, samples, own);
            assertClose(read(plan.losses).subarray(0, samples), expected.losses, 3e-6);
            assertClose(read(gradient), blocked(expected.gradient, samples), 1e-6);
            const hits = engine.integers(plan.hits).subarray(0, samples);
            assert.deepEqual([...hits], expected.hits);
          }
        }),
        { numRuns: 60 },
      );
    });

    test('cross-entropy of a sure network keeps its small digits', () => {
      const { plan } = placeLoss('cross-entropy', Float32Array.of(300, 290), 1);
      run(engine, plan.calls('training'));
      assertClose([1e5 * read(plan.losses)[0]], [1e5 * Math.log1p(Math.exp(-10))], 1e-2);
    });

    test('among equal logits the first is the answer', () => {
      const { plan } = placeLoss('cross-entropy', Float32Array.of(0, 0, 0, 0, 0, 0), 2);
      engine.integers(plan.labels).set([0, 1]);
      run(engine, plan.calls('training'), 2);
      assert.deepEqual([...engine.integers(plan.hits).subarray(0, 2)], [1, 0]);
    });

    test('squared error', () => {
      const shape = fc.oneof(fc.tuple(upTo(12)), fc.tuple(upTo(3), upTo(3), upTo(3)));
      fc.assert(
        fc.property(shape, upTo(2, 0), samples, seed, (shape, width, samples, seed) => {
          const halo = shape.length === 3 ? width : 0;
          const output = normals(samples * sizeOf(shape), seed);
          const target = normals(output.length, seed + 1);
          const placed = placeLoss('squared-error', output, samples, { shape, halo });
          const { plan, gradient, layout } = placed;
          write(plan.target, blocked(target, samples, 0, layout));
          run(engine, plan.calls('training'), samples);
          const expected = plain.squaredError(output, target, samples);
          assertClose(read(plan.losses).subarray(0, samples), expected.losses);
          assertClose(read(gradient), blocked(expected.gradient, samples, 0, layout));
        }),
        { numRuns: 60 },
      );
    });

    for (const type of ['bytes', 'floats'] as const) {
      test(`loading ${type}, normalized by channel`, () => {
        const image = fc.tuple(upTo(4), upTo(6), upTo(9));
        fc.assert(
          fc.property(image, upTo(2, 0), samples, seed, (shape, halo, samples, seed) => {
            const [channels, height, width] = shape;
            const raw = normals(samples * sizeOf(shape), seed).map((x) =>
              type === 'bytes' ? Math.abs(Math.trunc(100 * x)) % 256 : x,
            );
            const scale = normals(channels, seed);
            const shift = normals(channels, seed + 1);
            const layout = layoutOf(shape, halo);
            // In order, or gathered.
            const places = seed % 2 ? words('places', samples) : undefined;
            const order = Array.from({ length: samples }, (_, i) => (places ? samples - 1 - i : i));
            if (places) engine.integers(places).set(order);
            const buffers = {
              places,
              raw: words('raw', raw.length),
              scale: words('scale', channels),
              shift: words('shift', channels),
              output: planTensor('output', layout, blocksOf(samples)),
            };
            if (type === 'bytes') engine.bytes(buffers.raw).set(raw);
            else write(buffers.raw, raw);
            write(buffers.scale, scale);
            write(buffers.shift, shift);
            write(buffers.output, blocked(Array(raw.length).fill(NaN), samples, NaN, layout));
            const settings = { bytes: type === 'bytes' ? 1 : 0, perChannel: 1 };
            const batch = planBatch(samples);
            const call = callPerBlock('loadBatch', {
              batch,
              layout: layout.record,
              ...settings,
              ...buffers,
            });
            run(engine, [call], samples);
            const size = sizeOf(shape);
            const expected = Array.from(raw, (_, i) => {
              const channel = Math.floor(i / height / width) % channels;
              const x = raw[order[Math.floor(i / size)] * size + (i % size)];
              return x * scale[channel] + shift[channel];
            });
            assertClose(read(buffers.output), blocked(expected, samples, 0, layout), 1e-6);
          }),
          { numRuns: 60 },
        );
      });
    }
  });
}
