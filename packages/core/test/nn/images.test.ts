import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import fc from 'fast-check';
import { Engine } from '#lib/engine/index.js';
import type { Layer } from '#lib/graph/index.js';
import {
  add,
  averagePool2d,
  batchNorm2d,
  concatenate,
  conv2d,
  flatten,
  globalAveragePool2d,
  maxPool2d,
  scaledAdd,
} from '#lib/layers/index.js';
import { sizeOf, stream } from '#lib/math/index.js';
import { builds } from '../engine/builds.js';
import * as plain from './plain.js';
import { assertClose } from './plain.js';
import { always, blocksOf, normals, PlacedSite, type SiteOptions } from './site.js';

const upTo = (max: number, min = 1) => fc.integer({ min, max });
const seed = fc.integer();
const halo = upTo(2, 0);

/** Convolutions that fit their images. */
const convolution = (bounds: {
  inputs: number;
  channels: number;
  extent: number;
  samples: number;
}) =>
  fc
    .record({
      image: fc.tuple(upTo(bounds.inputs), upTo(bounds.extent), upTo(bounds.extent)),
      channels: upTo(bounds.channels),
      size: upTo(5),
      stride: upTo(3),
      padding: upTo(4, 0),
      samples: upTo(bounds.samples),
    })
    .map((each) => ({ ...each, padding: each.padding % each.size }))
    .filter((each) => Math.min(...each.image.slice(1)) + 2 * each.padding >= each.size);

/** Convolutions that go by patches, in one pass or in all. */
const patched = fc.record({
  image: fc.tuple(upTo(40, 15), upTo(8, 2), upTo(8, 2)),
  channels: upTo(40, 15),
  size: fc.constant(3),
  stride: fc.constant(1),
  padding: fc.oneof({ weight: 3, arbitrary: fc.constant(1) }, upTo(2, 1)),
  samples: upTo(40),
});

/** Small ones; deep and wide ones, which the kernels cut into pieces; ones that go by patches. */
const convolutions = fc.oneof(
  {
    weight: 3,
    arbitrary: patched,
  },
  {
    weight: 9,
    arbitrary: convolution({ inputs: 9, channels: 9, extent: 9, samples: 40 }),
  },
  {
    weight: 1,
    arbitrary: convolution({ inputs: 40, channels: 40, extent: 3, samples: 17 }),
  },
);

/** Which weights are kept: of all channels, of their kernels, and of the entries of these. */
const share = fc.oneof(fc.constantFrom(1, 0.05), fc.double({ min: 0, max: 1, noNaN: true }));
const supports = fc.record({
  channels: fc.oneof(fc.constant(1), share),
  kernels: fc.oneof(fc.constant(1), share),
  entries: fc.oneof(fc.constant(0), share),
});
type Support = typeof supports extends fc.Arbitrary<infer T> ? T : never;

function sparseWeights(sizes: plain.Convolution, support: Support, seed: number): Float32Array {
  const [inputs] = sizes.image;
  const taps = sizes.size ** 2;
  const { bernoulli, normal } = stream(seed, 'weights');
  const channels = Array.from({ length: sizes.channels }, () => bernoulli(support.channels));
  const kernels = Array.from({ length: sizes.channels * inputs }, () => bernoulli(support.kernels));
  return Float32Array.from({ length: sizes.channels * inputs * taps }, (_, i) => {
    const kernel = Math.floor(i / taps);
    const isKept = channels[Math.floor(kernel / inputs)] && kernels[kernel];
    return isKept && bernoulli(support.entries) ? normal() : 0;
  });
}

for (const { build, skip } of builds) {
  describe(`kernels of images, build ${build}`, { skip }, async () => {
    if (skip) return;
    const engine = await Engine.create({ build, threads: 2 });
    after(() => engine.close());

    for (const by of ['rows', 'entries'] as const) {
      /** A convolution with random contents, and the same contents for the plain version. */
      const place = (
        sizes: plain.Convolution,
        support: Support,
        seed: number,
        { bias = true, ...options }: SiteOptions & { bias?: boolean } = {},
      ) => {
        const { image, channels, size, samples } = sizes;
        const layer = conv2d(channels, size, { ...sizes, bias });
        const site = new PlacedSite(engine, layer, [image], samples, {
          breakEven: always[by],
          ...options,
        });
        const w = sparseWeights(sizes, support, seed);
        const b = bias ? normals(channels, seed) : new Float32Array(channels);
        const x = normals(samples * sizeOf(image), seed + 1);
        const g = normals(samples * sizeOf(site.output.shape), seed + 2);
        site.write(site.parameters.weight.value, w);
        if (bias) site.write(site.parameters.bias.value, b);
        // What the last lanes hold in hidden layers must not matter where their gradient is 0.
        site.fill(site.inputs[0], 'value', x, 7);
        site.fill(site.output, 'gradient', g);
        site.reindex();
        return { site, w, b, x, g };
      };
      const options = fc.record({
        bias: fc.boolean(),
        halos: fc.tuple(halo, halo),
        accumulates: fc.tuple(fc.boolean()),
      });
      type Body = (
        sizes: plain.Convolution,
        support: Support,
        options: SiteOptions & { bias: boolean },
        seed: number,
        tolerance?: number,
      ) => void;
      const check = (body: Body) =>
        fc.assert(
          fc.property(convolutions, supports, options, seed, (...each) => body(...each)),
          { numRuns: 50 },
        );

      const checkForward: Body = (sizes, support, options, seed, tolerance = 1e-5) => {
        const { site, w, b, x } = place(sizes, support, seed, options);
        site.run(site.placed.forward('training'));
        site.assert(site.output, 'value', plain.conv2d(w, b, x, sizes), { tolerance });
      };
      const checkBackward: Body = (sizes, support, options, seed, tolerance = 1e-5) => {
        const { site, w, x, g } = place(sizes, support, seed, options);
        const before = normals(x.length, seed + 3);
        site.fill(site.inputs[0], 'gradient', before);
        site.run(site.placed.backward('all'));
        const expected = plain.conv2dGradients(w, x, g, sizes);
        const { weight, bias } = site.parameters;
        assertClose(site.read(weight.gradient), expected.weight, tolerance);
        if (options.bias) assertClose(site.read(bias.gradient), expected.bias, tolerance);
        const kept = options.accumulates?.[0] ? 1 : 0;
        const input = expected.input.map((x, i) => x + kept * before[i]);
        site.assert(site.inputs[0], 'gradient', input, { tolerance });
      };
      const checkSupport: Body = (sizes, support, options, seed, tolerance = 1e-5) => {
        const sampledBlock = Math.abs(seed) % blocksOf(sizes.samples);
        const { site, w, x, g } = place(sizes, support, seed, { ...options, sampledBlock });
        const exact = plain.conv2dGradients(w, x, g, sizes);
        const onSupport = (_: number, i: number) => w[i] !== 0;
        const { weight, bias } = site.parameters;
        site.write(
          weight.gradient,
          w.map(() => NaN),
        );
        site.run(site.placed.backward('support'));
        const gradient = site.read(weight.gradient).filter(onSupport);
        assertClose(gradient, exact.weight.filter(onSupport), tolerance);
        if (options.bias) assertClose(site.read(bias.gradient), exact.bias, tolerance);

        site.run(site.placed.backward('sampled'));
        const block = plain.oneBlock(g, sizes.samples, sampledBlock);
        const sampled = plain.conv2dGradients(w, x, block, sizes).weight;
        const isExact = plain.isExact(w, weight.rows, by);
        const expected = exact.weight.map((each, i) => (isExact(i) ? each : sampled[i]));
        assertClose(site.read(weight.gradient), expected, tolerance);
      };

      test(`convolution forward by ${by}`, () => check(checkForward));
      test(`convolution backward by ${by}, gradients of all weights`, () => check(checkBackward));
      test(`convolution backward by ${by}, on the support, and sampled elsewhere`, () =>
        check(checkSupport));

      test(`convolution by ${by} over large and deep images, in strips and pieces`, () => {
        for (const [image, channels, stride] of [
          [[3, 61, 40], 2, 1],
          [[3, 61, 40], 2, 2],
          [[310, 9, 9], 2, 1],
          [[2, 9, 9], 310, 2],
        ] as const) {
          const sizes = { image, channels, size: 3, stride, padding: 1, samples: 17 };
          const support = { channels: 1, kernels: 1, entries: 0.5 };
          const options = { bias: true, accumulates: [false] };
          for (const body of [checkForward, checkBackward, checkSupport]) {
            // Sums of forty thousand numbers.
            body(sizes, support, options, stride, 2e-4);
          }
        }
      });
    }

    const planes = fc.record({
      samples: upTo(40),
      channels: upTo(5),
      height: upTo(5),
      width: upTo(5),
    });

    describe('batch normalization', () => {
      const epsilon = 1e-5;
      const options = fc.record({
        relu: fc.boolean(),
        skip: fc.boolean(),
        halos: fc.tuple(halo, halo, halo),
        accumulates: fc.tuple(fc.boolean(), fc.boolean()),
      });
      const place = (
        size: { samples: number; channels: number; height: number; width: number },
        seed: number,
        {
          relu,
          skip,
          halos,
          accumulates,
        }: typeof options extends fc.Arbitrary<infer T> ? T : never,
      ) => {
        const { samples, channels, height, width } = size;
        const shape = [channels, height, width];
        const layer = batchNorm2d({ relu, epsilon, momentum: 0.3 });
        const inputs = skip ? [shape, shape] : [shape];
        const site = new PlacedSite(engine, layer, inputs, samples, {
          halos: skip ? halos : halos.slice(1),
          accumulates: accumulates.slice(0, inputs.length),
        });
        const x = normals(samples * sizeOf(shape), seed).map((x) => 3 + 2 * x);
        const other = normals(x.length, seed + 1);
        const gamma = normals(channels, seed + 2);
        const beta = normals(channels, seed + 3);
        const variance = normals(channels, seed + 1).map((x) => 0.1 + x * x);
        const running = { mean: normals(channels, seed), variance };
        const spec = () => {
          const moving = { running_mean: running.mean.slice(), running_var: variance.slice() };
          const both = [x, other].map((value) => ({ shape, value }));
          const own = { parameters: { weight: gamma, bias: beta }, buffers: moving };
          return { ...moving, ...plain.specify(layer, samples, both.slice(0, inputs.length), own) };
        };
        site.fill(site.inputs[0], 'value', x, 7);
        if (skip) site.fill(site.inputs[1], 'value', other, 7);
        site.write(site.parameters.weight.value, gamma);
        site.write(site.parameters.bias.value, beta);
        site.write(site.buffers.running_mean.value, running.mean);
        site.write(site.buffers.running_var.value, running.variance);
        return { site, x, running, spec };
      };

      test('of a batch, and the running statistics', () => {
        fc.assert(
          fc.property(planes, seed, options, (size, seed, options) => {
            const { site, spec } = place(size, seed, options);
            site.run(site.placed.forward('training'));
            const { forward, ...moved } = spec();
            // In one value there is no variance, only what rounding makes of it.
            const tolerance = 1e-4;
            site.assert(site.output, 'value', forward('training'), { tolerance });
            const { running_mean, running_var } = site.buffers;
            assertClose(site.read(running_mean.value), moved.running_mean);
            assertClose(site.read(running_var.value), moved.running_var);
          }),
          { numRuns: 60 },
        );
      });

      test('by the running statistics', () => {
        fc.assert(
          fc.property(planes, seed, options, (size, seed, options) => {
            const { site, running, spec } = place(size, seed, options);
            site.run(site.placed.forward('evaluation'));
            site.assert(site.output, 'value', spec().forward('evaluation'));
            assert.deepEqual(site.read(site.buffers.running_mean.value), running.mean);
            assert.deepEqual(site.read(site.buffers.running_var.value), running.variance);
          }),
          { numRuns: 40 },
        );
      });

      test('gradients', () => {
        fc.assert(
          fc.property(planes, seed, options, (size, seed, options) => {
            const { site, x, spec } = place(size, seed, options);
            const g = normals(x.length, seed + 4);
            const before = [normals(x.length, seed + 5), normals(x.length, seed + 6)];
            site.run(site.placed.forward('training'));
            // Lanes past the samples: this layer alone has to keep them out.
            site.fill(site.output, 'gradient', g, 3);
            site.inputs.forEach((each, i) => void site.fill(each, 'gradient', before[i]));
            site.run(site.placed.backward('all'));
            const { inputs, parameters } = spec().gradients(g);
            const tolerance = 2e-4;
            assertClose(site.read(site.parameters.weight.gradient), parameters.weight, tolerance);
            assertClose(site.read(site.parameters.bias.gradient), parameters.bias, tolerance);
            const added = (own: Float64Array, i: number) =>
              own.map((x, at) => x + (options.accumulates[i] ? before[i][at] : 0));
            site.assert(site.inputs[0], 'gradient', added(inputs[0], 0), { tolerance });
            if (options.skip) site.assert(site.inputs[1], 'gradient', added(inputs[1], 1));
          }),
          { numRuns: 50 },
        );
      });
    });

    describe('pooling', () => {
      const windows = fc
        .record({ size: upTo(4), stride: upTo(4), padding: upTo(2, 0), samples: upTo(35) })
        .map((each) => ({ ...each, padding: Math.min(each.padding, Math.floor(each.size / 2)) }));
      const image = fc.tuple(upTo(3), upTo(7), upTo(7));
      const options = fc.record({
        halos: fc.tuple(halo, halo),
        accumulates: fc.tuple(fc.boolean()),
      });
      /** Whole numbers: there are ties. */
      const check = (
        layer: Layer,
        image: readonly number[],
        samples: number,
        options: SiteOptions,
        seed: number,
      ) => {
        const site = new PlacedSite(engine, layer, [image], samples, options);
        const x = normals(samples * sizeOf(image), seed).map((x) => Math.round(x));
        const g = normals(samples * sizeOf(site.output.shape), seed + 1);
        const before = normals(x.length, seed + 2);
        site.fill(site.inputs[0], 'value', x);
        site.run(site.placed.forward('training'));
        const spec = plain.specify(layer, samples, [{ shape: image, value: x }]);
        site.assert(site.output, 'value', spec.forward());
        site.fill(site.output, 'gradient', g);
        site.fill(site.inputs[0], 'gradient', before);
        site.run(site.placed.backward('all'));
        const kept = options.accumulates?.[0] ? 1 : 0;
        const [own] = spec.gradients(g).inputs;
        const expected = own.map((x, i) => x + kept * before[i]);
        site.assert(site.inputs[0], 'gradient', expected);
      };
      for (const kind of ['max', 'average'] as const) {
        test(kind, () => {
          const describeLayer = kind === 'max' ? maxPool2d : averagePool2d;
          fc.assert(
            fc.property(image, windows, options, seed, (image, window, options, seed) => {
              fc.pre(Math.min(image[1], image[2]) + 2 * window.padding >= window.size);
              check(describeLayer(window.size, window), image, window.samples, options, seed);
            }),
            { numRuns: 50 },
          );
        });
      }

      test('maximum over windows of 2 × 2 side by side', () => {
        const even = upTo(4).map((n) => 2 * n);
        const cases = fc.oneof(fc.tuple(upTo(3), even, even), image);
        fc.assert(
          fc.property(cases, upTo(35), options, seed, (image, samples, options, seed) => {
            fc.pre(Math.min(image[1], image[2]) >= 2);
            check(maxPool2d(2), image, samples, options, seed);
          }),
          { numRuns: 80 },
        );
      });

      test('mean of all', () => {
        fc.assert(
          fc.property(
            upTo(5),
            upTo(5),
            upTo(35),
            options,
            seed,
            (channels, size, samples, ...rest) => {
              check(globalAveragePool2d(), [channels, size, size], samples, ...rest);
            },
          ),
          { numRuns: 40 },
        );
      });
    });

    describe('joins', () => {
      const sizes = fc.tuple(upTo(5), upTo(4), upTo(4));
      const halos = fc.array(halo, { minLength: 4, maxLength: 4 });
      const accumulates = fc.array(fc.boolean(), { minLength: 3, maxLength: 3 });
      /** Runs a join forward and backward, with random contents. */
      const placed = (
        layer: Layer,
        shapes: number[][],
        samples: number,
        options: Required<Pick<SiteOptions, 'halos' | 'accumulates'>>,
        seed: number,
      ) => {
        const site = new PlacedSite(engine, layer, shapes, samples, options);
        const tensors = site.inputs.map((tensor, i) => {
          const x = normals(samples * sizeOf(tensor.shape), seed + i);
          const before = normals(x.length, seed + 10 + i);
          site.fill(tensor, 'value', x, 7);
          site.fill(tensor, 'gradient', before);
          return { tensor, x, before };
        });
        const scale = normals(1, seed + 20);
        if (site.parameters.weight) site.write(site.parameters.weight.value, scale);
        const g = normals(samples * sizeOf(site.output.shape), seed + 21);
        site.run(site.placed.forward('training'));
        site.fill(site.output, 'gradient', g);
        site.run(site.placed.backward('all'));
        const assertGradient = (index: number, expected: ArrayLike<number>) => {
          const { tensor, before } = tensors[index];
          const kept = options.accumulates[index] ? 1 : 0;
          const all = Array.from(expected, (x, i) => x + kept * before[i]);
          site.assert(tensor, 'gradient', all);
        };
        return { site, g, scale: scale[0], x: tensors.map(({ x }) => x), assertGradient };
      };

      for (const layer of [add(), scaledAdd()]) {
        test(layer.scaled ? 'scaled sum' : 'sum', () => {
          fc.assert(
            fc.property(sizes, upTo(35), halos, accumulates, seed, (shape, samples, ...rest) => {
              const options = { halos: rest[0], accumulates: rest[1] };
              const { site, g, x, ...other } = placed(
                layer,
                [shape, shape],
                samples,
                options,
                rest[2],
              );
              const scale = layer.scaled ? other.scale : 1;
              const [left, right] = x;
              site.assert(
                site.output,
                'value',
                left.map((value, i) => value + scale * right[i]),
              );
              other.assertGradient(0, g);
              other.assertGradient(
                1,
                g.map((each) => scale * each),
              );
              if (!layer.scaled) return;
              const total = g.reduce((sum, each, i) => sum + each * right[i], 0);
              assertClose(site.read(site.parameters.weight.gradient), [total]);
            }),
            { numRuns: 40 },
          );
        });
      }

      test('concatenation', () => {
        const channels = fc.array(upTo(4), { minLength: 2, maxLength: 3 });
        const cases = fc.record({ channels, size: fc.tuple(upTo(4), upTo(4)), samples: upTo(35) });
        fc.assert(
          fc.property(cases, halos, accumulates, seed, (each, halos, accumulates, seed) => {
            const shapes = each.channels.map((count) => [count, ...each.size]);
            const options = { halos, accumulates };
            const result = placed(concatenate(), shapes, each.samples, options, seed);
            const sizesOf = shapes.map(sizeOf);
            const whole = sizesOf.reduce((a, b) => a + b);
            const joined = Array.from({ length: each.samples }, (_, s) =>
              result.x.flatMap((x, i) => [...x.subarray(s * sizesOf[i], (s + 1) * sizesOf[i])]),
            );
            result.site.assert(result.site.output, 'value', joined.flat());
            let from = 0;
            for (const [i, size] of sizesOf.entries()) {
              const start = from;
              const own = Array.from({ length: each.samples }, (_, s) => [
                ...result.g.subarray(s * whole + start, s * whole + start + size),
              ]);
              result.assertGradient(i, own.flat());
              from += size;
            }
          }),
          { numRuns: 40 },
        );
      });

      test('flattening', () => {
        fc.assert(
          fc.property(
            sizes,
            upTo(35),
            halo,
            fc.boolean(),
            seed,
            (shape, samples, width, ...rest) => {
              const options = { halos: [width], accumulates: [rest[0]] };
              const { site, x, g, assertGradient } = placed(
                ...([flatten(), [shape] as number[][], samples, options, rest[1]] as const),
              );
              site.assert(site.output, 'value', x[0]);
              assertGradient(0, g);
            },
          ),
          { numRuns: 40 },
        );
      });
    });
  });
}
