import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import fc from 'fast-check';
import type { Network, StepGroup } from '#lib/backend/index.js';
import { isFused } from '#lib/backend/wasm/fused.js';
import { WasmStepper } from '#lib/backend/wasm/stepper.js';
import { Engine } from '#lib/engine/index.js';
import { describeParameter } from '#lib/graph/parameter.js';
import type { PlacedParameter } from '#lib/lowering/parameter.js';
import { planParameter } from '#lib/lowering/parameter.js';
import { countCall, indexCalls } from '#lib/lowering/support.js';
import {
  group,
  l1,
  none,
  nonnegativeL1,
  nuclear,
  type Regularizer,
  regularizerFrom,
  type Shape,
  sizeOf,
  sparseGroup,
} from '#lib/math/index.js';
import {
  type Hyperparameters,
  initialState,
  LEAST_ALIVE,
  type Method,
  type MethodName,
  methods,
  type ParameterState,
  stepPlainly,
} from '#lib/optim/index.js';
import { Optimizer } from '#lib/train/optimizer.js';
import { atOnce } from '../at-once.js';
import { builds } from '../engine/builds.js';
import { assertClose } from '../nn/plain.js';
import { always, normals } from '../nn/site.js';
import { hyperparameters } from './hyperparameters.js';
import { cases, specs } from './trajectories.js';

/** R(θ) = ‖θ‖₁ + ‖θ‖²: a regularizer that a user might write. */
const ofAUser: Regularizer = {
  name: 'of a user',
  value: (theta) => theta.reduce((sum, x) => sum + Math.abs(x) + x * x, 0),
  prox(theta, _shape, t) {
    for (let i = 0; i < theta.length; i++) {
      theta[i] = (Math.sign(theta[i]) * Math.max(Math.abs(theta[i]) - t, 0)) / (1 + 2 * t);
    }
  },
  subgradient(theta, _shape, out) {
    for (let i = 0; i < theta.length; i++) out[i] = Math.sign(theta[i]) + 2 * theta[i];
  },
};

/** Regularizers with the ranks of the weights that they suit. */
const regularizers: readonly (readonly [Regularizer, ...ranks: number[]])[] = [
  [none(), 1, 2, 4],
  [l1(), 2, 4],
  [nonnegativeL1(), 2],
  [group('rows'), 1, 2, 4],
  [group('columns'), 2, 3, 4],
  [group('kernels'), 2, 3, 4],
  [group('filters'), 2, 4],
  [sparseGroup('rows', 0.3), 2],
  [sparseGroup('columns', 0.5), 2, 4],
  [sparseGroup('kernels', 0.7), 4],
  [nuclear(), 2],
  [ofAUser, 2],
];

/** A weight of any shape, and an optimizer for it on a network that has no weights of its own. */
function optimizerOf(
  engine: Engine,
  shape: Shape,
  theta: Float32Array,
  options: {
    method: MethodName;
    regularizer: Regularizer;
    hyper: Hyperparameters;
    keepsAlive?: boolean;
  },
) {
  const weight = { shape, role: 'weight', fanIn: 1 } as const;
  const layer = { name: 'layer', kind: 'linear' };
  const parameter = planParameter(describeParameter(layer, 'weight', weight), always.entries);
  const support = parameter.support!;
  const indexing = indexCalls(support, parameter.value);
  const count = engine.load([countCall(support, parameter.value), ...indexing]);
  engine.floats(parameter.value).set(theta);
  const host = { engine, placed: () => parameter, indexCalls: () => indexing };
  const net = {
    read: () => engine.floats(parameter.value).slice(),
    nonZeros: () => engine.field(support.header, 'nonZeros'),
    reindex: () => engine.run(count, 1),
    stepper: (groups: readonly StepGroup[]) => new WasmStepper(host, groups),
  };
  const { hyper, ...others } = options;
  const optimizer = new Optimizer(net as unknown as Network, [
    { ...others, ...hyper, parameters: [parameter] },
  ]);
  optimizer.start();
  const step = (gradient: Float32Array, onSupport = false) => {
    engine.floats(parameter.gradient).set(gradient);
    optimizer.step({ onSupport });
    const subgradient = atOnce(optimizer.state()).get('layer.weight.subgradient')?.slice();
    return { theta: net.read(), subgradient };
  };
  return { net, parameter, optimizer, step };
}

/** A plain step in which what belongs to a zero of θ rests. */
function stepOnSupport(
  method: Method,
  state: ParameterState,
  gradient: Float32Array,
  hyper: Hyperparameters,
  regularizer: Regularizer,
  t: number,
): void {
  const { theta, shape, subgradient, moments } = state;
  const isResting = Array.from(theta, (x) => x === 0);
  const kept = [subgradient ?? theta, ...moments].map((array) => [array, array.slice()] as const);
  const awake = (array: Float32Array) => array.map((x, i) => (isResting[i] ? 0 : x));
  for (const moment of moments) moment.set(awake(moment));
  method.step(state, awake(gradient), hyper, regularizer, t);
  for (const [array, before] of kept) {
    array.set(array.map((x, i) => (isResting[i] ? before[i] : x)));
  }
  if (!subgradient) return;
  theta.set(subgradient.map((v) => hyper.delta * v));
  regularizer.prox(theta, shape, hyper.delta * hyper.lambda);
}

/** The index of the non-zeros is what one finds in θ. */
function assertIndexed(
  engine: Engine,
  net: ReturnType<typeof optimizerOf>['net'],
  parameter: PlacedParameter,
): void {
  const { rows, columns } = parameter;
  const { header } = parameter.support!;
  const theta = net.read();
  const kept = [...theta.keys()].filter((i) => theta[i] !== 0);
  assert.equal(net.nonZeros(), kept.length);
  const counts = Array.from(
    { length: rows },
    (_, r) => kept.filter((i) => Math.floor(i / columns) === r).length,
  );
  assert.deepEqual([...engine.integers(header.fields.counts!)], counts);
  // Columns of the entries, where any pass goes by them.
  const passes = ['forwardByEntry', 'inputGradientByEntry', 'weightGradientByEntry'] as const;
  if (!passes.some((pass) => engine.field(header, pass))) return;
  const entries = engine.integers(header.fields.entries!);
  assert.deepEqual(
    [...entries.subarray(0, kept.length)],
    kept.map((i) => i % columns),
  );
}

for (const { build, skip } of builds) {
  describe(`fused steps, build ${build}`, { skip }, async () => {
    if (skip) return;
    const engine = await Engine.create({ build, threads: 2 });
    after(() => engine.close());

    for (const method of Object.keys(methods) as MethodName[]) {
      for (const [regularizer, ...ranks] of regularizers) {
        const size = fc.oneof(
          { weight: 9, arbitrary: fc.integer({ min: 1, max: 7 }) },
          { weight: 1, arbitrary: fc.integer({ min: 60, max: 80 }) },
        );
        const shapes = fc
          .constantFrom(...ranks)
          .chain((rank) => fc.array(size, { minLength: rank, maxLength: rank }))
          .filter((shape) => sizeOf(shape) < 10_000);
        const cases = fc.record({
          shape: shapes,
          seed: fc.integer(),
          momentum: fc.constantFrom(0, 0.9),
          delta: fc.constantFrom(1, 0.4, 3),
          lambda: fc.constantFrom(0, 0.05, 0.5),
          density: fc.constantFrom(0.1, 1),
        });

        test(`${method}, ${regularizer.name}: on the support, as the plain method`, () => {
          fc.assert(
            fc.property(cases, ({ shape, seed, density, ...numbers }) => {
              const hyper = hyperparameters(numbers);
              const start = normals(sizeOf(shape), seed, density);
              const state = initialState(methods[method], start.slice(), shape, hyper, regularizer);
              const options = { method, regularizer, hyper };
              const fused = optimizerOf(engine, shape, start, options);
              for (let t = 1; t <= 3; t++) {
                const gradient = normals(start.length, seed + t);
                // The second step fills the moments everywhere; the others read no gradient at zeros.
                const onSupport = t !== 2;
                const known = gradient.map((g, i) => (onSupport && state.theta[i] === 0 ? NaN : g));
                if (onSupport) {
                  stepOnSupport(methods[method], state, gradient, hyper, regularizer, t);
                } else methods[method].step(state, gradient, hyper, regularizer, t);
                const { theta, subgradient } = fused.step(known, onSupport);
                assertClose(theta, state.theta, 3e-5);
                assertClose(subgradient ?? [], state.subgradient ?? [], 3e-5);
                assertIndexed(engine, fused.net, fused.parameter);
                // Where rounding left a zero in one of the two alone, they go apart from here on.
                if (theta.some((x, i) => (x === 0) !== (state.theta[i] === 0))) return;
              }
            }),
            { numRuns: 5 },
          );
        });

        test(`${method}, ${regularizer.name}: as the plain method`, () => {
          fc.assert(
            fc.property(cases, ({ shape, seed, density, ...numbers }) => {
              const hyper = hyperparameters(numbers);
              const start = normals(sizeOf(shape), seed, density);
              const state = initialState(methods[method], start.slice(), shape, hyper, regularizer);
              const options = { method, regularizer, hyper };
              const fused = optimizerOf(engine, shape, start, options);
              for (let t = 1; t <= 4; t++) {
                const gradient = normals(start.length, seed + t);
                methods[method].step(state, gradient, hyper, regularizer, t);
                const { theta, subgradient } = fused.step(gradient);
                assertClose(theta, state.theta, 3e-5);
                assertClose(subgradient ?? [], state.subgradient ?? [], 3e-5);
                assertIndexed(engine, fused.net, fused.parameter);
                if (!subgradient) continue;
                const proximal = subgradient.map((v) => hyper.delta * v);
                regularizer.prox(proximal, shape, hyper.delta * hyper.lambda);
                assertClose(theta, proximal);
              }
            }),
            { numRuns: 8 },
          );
        });
      }
    }

    test('what a step on the support lands at 0 lives on where the group says so', () => {
      const cases = fc.record({
        shape: fc.array(fc.integer({ min: 1, max: 80 }), { minLength: 2, maxLength: 2 }),
        seed: fc.integer(),
        momentum: fc.constantFrom(0, 0.9),
        keepsAlive: fc.boolean(),
      });
      fc.assert(
        fc.property(cases, ({ shape, seed, momentum, keepsAlive }) => {
          const regularizer = none();
          const hyper = hyperparameters({ learningRate: 0.5, momentum });
          const start = normals(sizeOf(shape), seed, 0.3);
          const state = initialState(methods.sgd, start.slice(), shape, hyper, regularizer);
          const options = { method: 'sgd', regularizer, hyper, keepsAlive } as const;
          const fused = optimizerOf(engine, shape, start, options);
          // Half of the live weights step on to 0 exactly.
          const gradient = start.map((x, i) => (i % 2 ? 2 * x : 1));
          stepPlainly(methods.sgd, state, gradient, hyper, regularizer, 1, true, keepsAlive);
          const { theta } = fused.step(gradient, true);
          assert.deepEqual(
            theta.map((x) => x + 0),
            state.theta.map((x) => x + 0),
          );
          assertIndexed(engine, fused.net, fused.parameter);
          for (const [i, x] of start.entries()) {
            if (x !== 0 && i % 2) assert.equal(theta[i] + 0, keepsAlive ? LEAST_ALIVE : 0);
          }
        }),
      );
    });

    test('one row longer than a tile, and many rows', () => {
      for (const shape of [
        [3, 5001],
        [3001, 3],
      ]) {
        for (const regularizer of [l1(), group('rows'), group('columns')]) {
          const start = normals(sizeOf(shape), 1, 0.1);
          const hyper = hyperparameters();
          const state = initialState(methods.linbreg, start.slice(), shape, hyper, regularizer);
          const options = { method: 'linbreg', regularizer, hyper } as const;
          const fused = optimizerOf(engine, shape, start, options);
          const gradient = normals(start.length, 2);
          methods.linbreg.step(state, gradient, hyper, regularizer, 1);
          assertClose(fused.step(gradient).theta, state.theta);
          const nonZeros = state.theta.filter((x) => x !== 0).length;
          assert.equal(fused.net.nonZeros(), nonZeros);
        }
      }
    });

    test('Adam corrects its moments well where β₂ is close to 1', () => {
      const hyper = hyperparameters({ beta2: 0.9999 });
      const options = { method: 'adam', regularizer: none(), hyper } as const;
      const { step } = optimizerOf(engine, [1, 1], new Float32Array(1), options);
      assertClose(
        step(Float32Array.of(3)).theta.map((x) => 10 * x),
        [-1],
        1e-6,
      );
    });

    test('a NaN is not taken for a zero', () => {
      for (const regularizer of [none(), l1(), group('rows'), group('columns')]) {
        const options = { method: 'linbreg', regularizer, hyper: hyperparameters() } as const;
        const { step } = optimizerOf(engine, [2, 3], new Float32Array(6), options);
        const { theta } = step(Float32Array.of(0, NaN, 0, 0, 0, 0));
        assert.ok(Number.isNaN(theta[1]), `${regularizer.name}: ${theta}`);
      }
    });
  });
}

describe('trajectories of the reference implementation, fused', async () => {
  const engine = await Engine.create({ threads: 2 });
  after(() => engine.close());

  for (const [index, expected] of cases.entries()) {
    const { optimizer: method, reg, shape, delta, lambda, momentum = 0 } = expected;
    test(`${index}: ${method}, ${reg}, δ ${delta}, momentum ${momentum}`, () => {
      const regularizer = regularizerFrom(specs[reg]);
      const hyper = hyperparameters({ learningRate: expected.lr, delta, lambda, momentum });
      const start = Float32Array.from(expected.theta0);
      const fused = optimizerOf(engine, shape, start, { method, regularizer, hyper });
      assert.ok(isFused(methods[method], regularizer));
      for (const [step, gradient] of expected.grads.entries()) {
        const { theta, subgradient } = fused.step(Float32Array.from(gradient));
        assertRelative(theta, expected.thetas[step]);
        assertRelative(subgradient ?? [], expected.subgradients[step] ?? []);
        assertRelative([atOnce(fused.optimizer.value())], [expected.regularizerValues[step]]);
      }
    });
  }
});

/** Equal to 1e-5 of the largest entry, and zero in the same places. */
function assertRelative(actual: ArrayLike<number>, expected: readonly number[]): void {
  const scale = 1 / (Math.max(...expected.map(Math.abs)) || 1);
  assertClose(
    Array.from(actual, (x) => scale * x),
    expected.map((x) => scale * x),
  );
  assert.deepEqual(
    Array.from(actual, (x) => x !== 0),
    expected.map((x) => x !== 0),
  );
}
