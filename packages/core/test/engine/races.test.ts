import assert from 'node:assert/strict';
import { after, describe, mock, test } from 'node:test';
import fc from 'fast-check';
import { WasmBackend } from '#lib/backend/index.js';
import {
  type Call,
  type Condition,
  call,
  Engine,
  type Planned,
  type PlannedBuffer,
  type Program,
  part,
  record,
  together,
  words,
} from '#lib/engine/index.js';
import { accessesOf, refuseRaces, wholeOf } from '#lib/engine/races.js';
import { network } from '#lib/graph/index.js';
import { conv2d, flatten, linear, tanh } from '#lib/layers/index.js';
import { defaultBreakEven, planSupport } from '#lib/lowering/support.js';
import { group, l1, none, sizeOf, stream } from '#lib/math/index.js';
import { type MethodName, methods } from '#lib/optim/methods.js';
import { initialize } from '#lib/train/initialize.js';
import { Optimizer } from '#lib/train/optimizer.js';
import { graphs } from '../nn/graphs.js';
import { always } from '../nn/site.js';

const batch = record('Batch', { samples: 16, blocks: 1, sampledBlock: 0 });

/** A call that reads 64 bytes of one buffer and writes 64 of another. */
function sum(from: PlannedBuffer, to: PlannedBuffer, when?: Condition): Call {
  return call(
    'biasGradient',
    { batch, features: 1, outputGradient: from, biasGradient: to },
    1,
    when,
  );
}

const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => words(name, 16));
const when = (equals: number): Condition => ({ record: batch, field: 'sampledBlock', equals });

describe('calls side by side', () => {
  const index = planSupport('w', 4, 4, defaultBreakEven);
  const count = call('countRows', { support: index.header, weight: a }, 1);
  const forward = call(
    'sparseForward',
    { batch, support: index.header, input: b, bias: undefined, output: c },
    1,
  );
  const refused: Readonly<Record<string, readonly [calls: readonly Call[], message: RegExp]>> = {
    'that write the same': [
      [sum(a, c), sum(b, c)],
      /^calls side by side: biasGradient writes and biasGradient writes 'c'$/,
    ],
    'of which a later one reads what one writes': [[sum(a, b), sum(b, c)], /writes .* reads 'b'$/],
    'of which a later one writes what one reads': [[sum(b, c), sum(a, b)], /reads .* writes 'b'$/],
    'far from one another': [[sum(a, b), sum(a, c), sum(b, d)], /writes .* reads 'b'$/],
    'of which one writes what a record of another points at': [
      [count, forward],
      /countRows writes and sparseForward reads 'w support'$/,
    ],
    'of which one writes what the condition of another reads': [
      [count, sum(b, c, { record: index.header, field: 'forwardByEntry', equals: 1 })],
      /countRows writes and biasGradient reads 'w support'$/,
    ],
    'with the same condition': [[sum(a, c, when(1)), sum(b, c, when(1))], /'c'$/],
    'of which one has a condition': [[sum(a, c, when(1)), sum(b, c)], /'c'$/],
    'on a whole and its part': [[sum(a, part('half', c, 32, 32)), sum(b, c)], /'c'$/],
  };
  for (const [what, [calls, message]] of Object.entries(refused)) {
    test(`${what} are refused`, () => {
      assert.throws(() => refuseRaces(together(calls)), { message });
      // One after the other they may do so.
      refuseRaces(calls);
    });
  }

  test('may read the same, exclude each other, or share a buffer by parts', () => {
    refuseRaces(together([sum(a, b), sum(a, c), sum(a, d)]));
    refuseRaces(together([sum(a, c, when(0)), sum(b, c, when(1)), sum(b, c, when(2))]));
    refuseRaces(together([sum(a, part('left', c, 0, 32)), sum(b, part('right', c, 32, 32))]));
  });

  test('are refused exactly where they touch the same bytes', () => {
    const whole = words('whole', 64);
    const piece = fc
      .record({ from: fc.nat(12), count: fc.integer({ min: 1, max: 3 }) })
      .map(({ from, count }) => part(`${from}`, whole, from * 4, count * 4));
    const conditions = fc.option(fc.nat(2), { nil: undefined });
    const calls = fc.tuple(piece, piece, conditions, fc.boolean());
    fc.assert(
      fc.property(fc.array(calls, { minLength: 1, maxLength: 6 }), (entries) => {
        const program: Program = entries.map(([from, to, equals, overlaps]) => ({
          ...sum(from, to, equals === undefined ? undefined : when(equals)),
          overlaps,
        }));
        if (haveRace(entries)) assert.throws(() => refuseRaces(program), /side by side/);
        else refuseRaces(program);
      }),
      { numRuns: 500 },
    );
  });
});

type Entry = readonly [PlannedBuffer, PlannedBuffer, equals: number | undefined, overlaps: boolean];

/** The same, word by word. */
function haveRace(entries: readonly Entry[]): boolean {
  const wordsOf = ({ within, bytes }: PlannedBuffer) =>
    Array.from({ length: bytes / 4 }, (_, i) => within!.offset / 4 + i);
  return entries.some(([, to, equals], i) =>
    entries.some(([otherFrom, otherTo, otherEquals], j) => {
      const first = Math.min(i, j);
      const last = Math.max(i, j);
      if (i === j || !entries.slice(first + 1, last + 1).every(([, , , overlaps]) => overlaps)) {
        return false;
      }
      if (equals !== undefined && otherEquals !== undefined && equals !== otherEquals) return false;
      const touched = [...wordsOf(otherFrom), ...wordsOf(otherTo)];
      return wordsOf(to).some((word) => touched.includes(word));
    }),
  );
}

describe('the programs of', async () => {
  const engine = await Engine.create({ threads: 1 });
  after(() => engine.close());
  const blocks = 2;
  const samples = 16 * blocks - 3;

  /** Runs what a network and its optimizer do, and returns the programs that they load. */
  function programsOf(run: () => void): Program[] {
    const programs: Program[] = [];
    const load = engine.load.bind(engine);
    mock.method(engine, 'load', (program: Program) => {
      programs.push(program);
      return load(program);
    });
    run();
    mock.restoreAll();
    return programs;
  }

  /** No call changes anything but what it declares. */
  function assertDeclared(programs: readonly Program[]): void {
    const all = new Set<Planned>(
      programs.flat().flatMap((each) => accessesOf(each).map(({ buffer }) => wholeOf(buffer))),
    );
    const contents = () => new Map([...all].map((each) => [each, Buffer.from(engine.bytes(each))]));
    for (const each of programs.flat()) {
      const accesses = accessesOf(each);
      const before = contents();
      engine.run(engine.load([{ ...each, overlaps: false }]), blocks);
      const written = new Set<Planned>(
        accesses.filter(({ writes }) => writes).map(({ buffer }) => wholeOf(buffer)),
      );
      for (const [buffer, bytes] of before) {
        if (written.has(buffer)) continue;
        assert.ok(bytes.equals(engine.bytes(buffer)), `${each.kernel} changes '${buffer.name}'`);
      }
    }
  }

  const networks = {
    ...graphs,
    'convolutions by patches': network(
      [16, 6, 6],
      [conv2d(17, 3, { padding: 1 }), tanh(), conv2d(18, 3), flatten(), linear(3)],
    ),
    'a layer for lit samples': network([90], [linear(100), linear(3)]),
  };
  const cases = Object.entries(networks).flatMap(([name, description]) =>
    Object.entries(always).map(([by, breakEven]) => ({ name, description, by, breakEven })),
  );

  for (const { name, description, by, breakEven } of cases) {
    test(`${name}, by ${by}, load, and change only what their kernels declare`, () => {
      const options = { batchSize: 16 * blocks, breakEven };
      const net = new WasmBackend(engine).compile(description, options);
      const random = stream(1, name);
      const inputs = Float32Array.from({ length: samples * sizeOf(description.input) }, () =>
        random.bernoulli(0.3) ? random.normal() : 0,
      );
      const labels = Uint8Array.from({ length: samples }, () => random.below(3));
      const order = Int32Array.from(labels.keys());
      const programs = programsOf(() => {
        initialize(net, 1, () => ({ density: 0.5, by: 'entries', gain: 1, bias: [0, 1] }));
        net.loadInputs(inputs, order, 0, samples);
        net.loadLabels(labels, order, 0);
        for (const scope of ['all', 'support', 'sampled'] as const) net.differentiate(scope);
        net.evaluate();
        for (const method of Object.keys(methods) as MethodName[]) {
          const isMatrix = ({ shape }: { shape: readonly number[] }) => shape.length > 1;
          const common = { method, learningRate: 0.1, lambda: 0.1, momentum: 0.5 };
          const optimizer = new Optimizer(net, [
            { ...common, parameters: net.parameters.filter(isMatrix), regularizer: group('rows') },
            {
              ...common,
              parameters: net.parameters.filter((each) => !isMatrix(each)),
              regularizer: method === 'lasso' ? l1() : none(),
            },
          ]);
          optimizer.start();
          optimizer.step();
        }
      });
      assert.ok(programs.length >= 5 + Object.keys(methods).length);
      assertDeclared(programs);
    });
  }
});
