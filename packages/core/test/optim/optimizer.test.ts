import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import type { Network } from '#lib/backend/index.js';
import { network } from '#lib/graph/index.js';
import { describeParameter } from '#lib/graph/parameter.js';
import { linear, relu } from '#lib/layers/index.js';
import { group, l1, none, nuclear, type Regularizer, sparseGroup } from '#lib/math/index.js';
import { type MethodName, methods } from '#lib/optim/index.js';
import { initialize } from '#lib/train/initialize.js';
import { Optimizer, ParameterGroup } from '#lib/train/optimizer.js';
import { atOnce } from '../at-once.js';
import { backends } from '../backends.js';
import { normals } from '../nn/site.js';

const features = 33;
const classes = 7;
const count = 24;
const inputs = normals(count * features, 1);
const labels = Int32Array.from({ length: count }, (_, i) => i % classes);
const order = Int32Array.from({ length: count }, (_, i) => i);

test('weights that keep alive do so whatever says how λ is shared out', () => {
  const options = { method: 'sgd', learningRate: 1, regularizer: l1(), keepsAlive: true } as const;
  const parameters = [10, 90].map((columns) =>
    describeParameter({ name: `fc${columns}`, kind: 'linear' }, 'weight', {
      shape: [4, columns],
      role: 'weight',
      fanIn: columns,
    }),
  );
  for (const lambdaFanIn of [0, 0.5]) {
    const { parts } = new ParameterGroup({ ...options, parameters, lambdaFanIn });
    assert.equal(parts.length, lambdaFanIn === 0 ? 1 : 2);
    assert.ok(parts.every(({ keepsAlive }) => keepsAlive));
  }
});

for (const { name, skip, create } of backends) {
  describe(`an optimizer, ${name}`, { skip }, async () => {
    if (skip) return;
    const backend = await create();
    after(() => backend.close());

    /** A network, started sparse, with its optimizer. */
    function placed(method: MethodName = 'linbreg', regularizer: Regularizer = l1()) {
      const description = network([features], [linear(40), relu(), linear(classes)]);
      const net = backend.compile(description, { batchSize: count });
      initialize(net, 1, () => ({ density: 0.1, by: 'entries', gain: 2, bias: [1, 1] }));
      const weights = net.parameters.filter(({ role }) => role === 'weight');
      const biases = net.parameters.filter(({ role }) => role === 'bias');
      const common = { method, learningRate: 0.05, momentum: 0.9 };
      const optimizer = new Optimizer(net, [
        { ...common, parameters: weights, regularizer, lambda: 0.05, delta: 2 },
        { ...common, parameters: biases, regularizer: none() },
      ]);
      optimizer.start();
      const step = () => {
        net.loadInputs(inputs, order, 0, count);
        net.loadLabels(labels, order, 0);
        net.differentiate();
        optimizer.step();
      };
      return { net, weights, optimizer, step };
    }

    const valuesOf = (net: Network) =>
      net.parameters.map((parameter) => atOnce(net.read(parameter)));
    const copyOf = (state: ReadonlyMap<string, Float32Array>) =>
      new Map([...state].map(([name, values]) => [name, values.slice()]));

    describe('what a λ policy sees', () => {
      test('the density of the group after every step', () => {
        const { net, weights, optimizer, step } = placed();
        const view = optimizer.view(optimizer.groups[0]);
        for (let i = 0; i < 4; i++) {
          const entries = weights.flatMap((parameter) => [...atOnce(net.read(parameter))]);
          const nonZeros = entries.filter((x) => x !== 0).length;
          assert.equal(view.density, nonZeros / entries.length);
          step();
        }
      });

      test('units: thresholds of v, and how many entries fall with one', () => {
        for (const [regularizer, sizes] of [
          [l1(), [1, 1]],
          [group('rows'), [features, 40]],
          [group('columns'), [40, classes]],
          [sparseGroup('rows', 0.5), [1, 1]],
        ] as const) {
          const { weights, optimizer, step } = placed('linbreg', regularizer);
          step();
          const state = atOnce(optimizer.state());
          const units = atOnce(optimizer.view(optimizer.groups[0]).units());
          assert.deepEqual(
            units.map(({ size }) => size),
            sizes,
          );
          units.forEach(({ thresholds }, i) => {
            const v = state.get(`${weights[i].name}.subgradient`)!;
            assert.deepEqual(thresholds, regularizer.thresholds!(v, weights[i].shape));
          });
        }
      });

      test('no units without thresholds, and none without v', () => {
        const units = (...of: Parameters<typeof placed>) => {
          const { optimizer } = placed(...of);
          return () => optimizer.view(optimizer.groups[0]).units();
        };
        assert.throws(units('linbreg', nuclear()), /not linbreg with nuclear/);
        assert.throws(units('sgd', l1()), /not sgd with l1/);
      });

      test('λ, read and written, acts in the next step', () => {
        const { optimizer, step } = placed();
        const view = optimizer.view(optimizer.groups[0]);
        assert.equal(view.lambda, 0.05);
        view.lambda = 1e3;
        assert.equal(optimizer.groups[0].hyper.lambda, 1e3);
        step();
        assert.equal(view.density, 0);
        assert.equal(atOnce(optimizer.value()), 0);
      });

      test('resetSubgradients starts v anew from θ', () => {
        const { net, weights, optimizer, step } = placed();
        step();
        optimizer.view(optimizer.groups[0]).resetSubgradients();
        for (const parameter of weights) {
          const v = atOnce(optimizer.state()).get(`${parameter.name}.subgradient`)!;
          const expected = atOnce(net.read(parameter)).map((x) => x / 2 + 0.05 * Math.sign(x));
          assert.deepEqual(v, expected);
        }
      });
    });

    describe('a saved state', () => {
      for (const method of Object.keys(methods) as MethodName[]) {
        test(`${method} continues with the same bits`, () => {
          const first = placed(method, group('rows'));
          first.step();
          first.step();
          const saved = copyOf(atOnce(first.optimizer.state()));
          const parameters = valuesOf(first.net);
          const { steps } = first.optimizer;
          assert.equal(steps, 2);

          const second = placed(method, group('rows'));
          second.net.parameters.forEach((each, i) => void second.net.write(each, parameters[i]));
          second.optimizer.restore(saved, steps);
          for (const { step } of [first, second]) for (let i = 0; i < 3; i++) step();
          assert.equal(second.optimizer.steps, 5);
          assert.deepEqual(valuesOf(second.net), valuesOf(first.net));
          assert.deepEqual(atOnce(second.optimizer.state()), atOnce(first.optimizer.state()));
        });
      }

      test('must be complete and of the right lengths', () => {
        const { optimizer } = placed();
        const state = copyOf(atOnce(optimizer.state()));
        const name = '0.weight.subgradient';
        state.set(name, new Float32Array(3));
        const message = `optimizer state '${name}': 1320 numbers expected, 3 found`;
        assert.throws(() => optimizer.restore(state, 1), { message });
        state.delete(name);
        assert.throws(() => optimizer.restore(state, 1), /none found/);
        // Nothing has changed, although other arrays were there.
        const before = copyOf(atOnce(optimizer.state()));
        const others = new Map([...before].map(([each, data]) => [each, data.map((x) => x + 1)]));
        others.delete([...others.keys()].at(-1)!);
        assert.throws(() => optimizer.restore(others, 1), /none found/);
        assert.deepEqual(copyOf(atOnce(optimizer.state())), before);
      });

      test('refuses a parameter in two groups', () => {
        const { net } = placed();
        const group = { method: 'sgd', learningRate: 1, regularizer: none() } as const;
        const parameters = net.parameters.slice(0, 2);
        const groups = [
          { ...group, parameters },
          { ...group, parameters: parameters.slice(1) },
        ];
        assert.throws(() => new Optimizer(net, groups), /'0.bias' is in two groups/);
      });
    });

    test('J(θ) is λR(θ) of every group together', () => {
      const { net, weights, optimizer } = placed();
      const norm = weights
        .flatMap((each) => [...atOnce(net.read(each))])
        .reduce((a, x) => a + Math.abs(x), 0);
      assert.ok(Math.abs(atOnce(optimizer.value()) / (0.05 * norm) - 1) < 1e-6);
    });

    for (const method of Object.keys(methods) as MethodName[]) {
      for (const decays of [{ weightDecay: 0.5 }, { decoupledWeightDecay: 0.5 }]) {
        test(`${method}: ${Object.keys(decays)} moves weights that live, no zero and no bias`, () => {
          const after = [decays, {}].map((own) => {
            const { net } = placed();
            const { parameters } = net;
            const before = valuesOf(net);
            // One group holds weights and biases; without a prox no other weight can come alive.
            const common = { learningRate: 0.01, regularizer: none(), parameters };
            const optimizer = new Optimizer(net, [{ method, ...common, ...own }]);
            optimizer.start();
            net.loadInputs(inputs, order, 0, count);
            net.loadLabels(labels, order, 0);
            net.differentiate();
            optimizer.step({ onSupport: true });
            return { net, before, values: valuesOf(net) };
          });
          const [{ net, before, values }, plain] = after;
          net.parameters.forEach(({ role, name }, i) => {
            const differs = Array.from(values[i], (x, at) => x !== plain.values[i][at]);
            const mayDiffer = Array.from(before[i], (x) => role === 'weight' && x !== 0);
            assert.equal(differs.includes(true), role === 'weight', name);
            assert.ok(
              differs.every((is, at) => !is || mayDiffer[at]),
              name,
            );
          });
        });
      }
    }

    test('parameters that no group names stay as they are', () => {
      const { net, weights } = placed();
      const before = valuesOf(net);
      const common = { method: 'adam', learningRate: 0.1, regularizer: none() } as const;
      const optimizer = new Optimizer(net, [{ ...common, parameters: [weights[1]] }]);
      optimizer.start();
      net.loadInputs(inputs, order, 0, count);
      net.loadLabels(labels, order, 0);
      net.differentiate();
      optimizer.step();
      net.parameters.forEach((parameter, i) => {
        const moved = atOnce(net.read(parameter)).some((x, at) => x !== before[i][at]);
        assert.equal(moved, parameter === weights[1], parameter.name);
      });
    });
  });
}
