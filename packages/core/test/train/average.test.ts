import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import type { Network } from '#lib/backend/index.js';
import type { Tensor } from '#lib/files/index.js';
import {
  buildTrainer,
  type Checkpoint,
  type ConfigInput,
  DamagedRunError,
  encodeModel,
  evaluate,
  type Observer,
  openModel,
  resolveConfig,
  type Trainer,
  type TrainOptions,
  train,
} from '#lib/train/index.js';
import { backends } from '../backends.js';
import { bits, timeless, toyConfig, toyData } from './toy.js';

const data = toyData();

/** With batch norm, and with weights that come and go. */
const convolutional: Partial<ConfigInput> = {
  model: {
    kind: 'layers',
    layers: [
      { name: 'conv', layer: { kind: 'conv2d', channels: 6, size: 3, padding: 1, bias: false } },
      { name: 'bn', layer: { kind: 'batch-norm2d', relu: true } },
      { name: 'pool', layer: { kind: 'average-pool2d', size: 2 } },
      { name: 'flat', layer: { kind: 'flatten' } },
      { name: 'fc', layer: { kind: 'linear', outputs: 4 } },
    ],
  },
  optimizer: { method: 'adabreg', learningRate: 0.03, lambda: 0.05 },
  gradient: { kind: 'multilevel', period: 3 },
  lambdaPolicy: { kind: 'target-density', density: 0.3, everySteps: 2 },
};

/** A copy of all weights and running statistics. */
async function weightsOf(network: Network): Promise<Map<string, Float32Array>> {
  const found = new Map<string, Float32Array>();
  for (const tensor of [...network.parameters, ...network.buffers]) {
    found.set(tensor.name, (await network.read(tensor)).slice());
  }
  return found;
}

/** Averages as the words say: in float64, over the values after each step. */
class PlainAverage {
  readonly #averages: Map<string, Float64Array>;

  constructor(
    first: ReadonlyMap<string, Float32Array>,
    readonly weightNames: ReadonlySet<string>,
  ) {
    this.#averages = new Map([...first].map(([name, x]) => [name, Float64Array.from(x)]));
  }

  update(now: ReadonlyMap<string, Float32Array>, left: number): void {
    for (const [name, values] of now) this.#averages.set(name, this.#next(name, values, left));
  }

  of(now: ReadonlyMap<string, Float32Array>): Map<string, Float64Array> {
    return new Map([...now].map(([name, values]) => [name, this.#next(name, values, 1)]));
  }

  #next(name: string, values: Float32Array, left: number): Float64Array {
    const isSparse = this.weightNames.has(name);
    const average = this.#averages.get(name)!;
    return Float64Array.from(values, (value, i) => {
      if (isSparse && value === 0) return 0;
      if (isSparse && average[i] === 0) return value;
      return left * average[i] + (1 - left) * value;
    });
  }
}

for (const { name, skip, create } of backends)
  describe(`averaged weights, ${name}`, { skip }, async () => {
    if (skip) return;
    const backend = await create();
    after(() => backend.close());
    const epochs = backend.name === 'plain' ? 1 : 3;

    const trainerOf = (changes: Partial<ConfigInput>): Promise<Trainer> =>
      buildTrainer(backend, resolveConfig(toyConfig({ epochs, ...changes })), data);

    for (const everySteps of [1, 3]) {
      test(`are as a plain version makes them, as sparse as the network, every ${everySteps}`, async () => {
        const decay = 0.9;
        const trainer = await trainerOf({ ...convolutional, average: { decay, everySteps } });
        const { network } = trainer;
        const weightNames = network.parameters
          .filter(({ role }) => role === 'weight')
          .map((each) => each.name);
        let before = await weightsOf(network);
        const plain = new PlainAverage(before, new Set(weightNames));
        const changes = { come: 0, gone: 0 };
        for (let t = 1; t <= 10 * epochs; t++) {
          if (trainer.isEpochDone) await trainer.endEpoch();
          await trainer.step();
          const now = await weightsOf(network);
          for (const name of weightNames) {
            for (const [i, value] of now.get(name)!.entries()) {
              const old = before.get(name)![i];
              if (value !== 0 && old === 0) changes.come++;
              if (value === 0 && old !== 0) changes.gone++;
            }
          }
          before = now;
          const left = Math.min(decay, (1 + t) / (10 + t)) ** everySteps;
          if (t % everySteps === 0) plain.update(now, left);
          const expected = plain.of(now);
          const found = trainer.averaged(await trainer.weights())!;
          for (const [name, { data }] of found) {
            const wanted = expected.get(name)!;
            for (const [i, value] of data.entries()) {
              assert.ok(Math.abs(value - wanted[i]) < 1e-5, `${name} ${i}, step ${t}`);
              if (weightNames.includes(name)) assert.equal(value === 0, now.get(name)![i] === 0);
            }
          }
        }
        assert.ok(changes.come > 0 && changes.gone > 0, JSON.stringify(changes));
      });
    }

    test('leave training as it is without them', async () => {
      for (const changes of [{}, convolutional]) {
        const [without, averaged] = await Promise.all(
          [null, { decay: 0.9 }].map((average) => trainerOf({ ...changes, average })),
        );
        for (const trainer of [without, averaged]) {
          for (let epoch = 0; epoch < epochs; epoch++) {
            while (!trainer.isEpochDone) await trainer.step();
            await trainer.validate();
            await trainer.endEpoch();
          }
          await trainer.test();
        }
        assert.deepEqual(bits(await averaged.weights()), bits(await without.weights()));
        const state = await averaged.optimizerState();
        for (const [name, { data }] of await without.optimizerState()) {
          assert.deepEqual(state.get(name)!.data, data);
        }
        assert.equal(without.averaged(new Map()), undefined);
      }
    });
  });

/** Trains with one thread; what is left of the run, but for the clock. */
async function outcome(changes: Partial<ConfigInput>, options: Partial<TrainOptions> = {}) {
  const result = await train(toyConfig(changes), { data, threads: 1, ...options });
  result.close();
  const { checkpoint, metrics, weights, summary } = result;
  const tensors = new Map([...checkpoint.weights, ...checkpoint.optimizer]);
  return {
    metrics: timeless(metrics),
    weights: bits(weights),
    tensors: bits(tensors),
    test: summary.test,
    result,
  };
}

const average = { decay: 0.9, everySteps: 3 };

test('a run with averages resumes to the same bits', async () => {
  const changes = { ...convolutional, average };
  const straight = await outcome(changes);
  for (const step of [3, 8, 10, 25]) {
    const pause = new AbortController();
    const observer: Observer = {
      onStep: (progress) => (progress.step === step ? pause.abort() : undefined),
    };
    const first = await outcome(changes, { observers: [observer], signal: pause.signal });
    const { progress, weights, optimizer } = first.result.checkpoint;
    const resume = { progress, tensors: new Map([...weights, ...optimizer]) };
    const second = await outcome(changes, { resume });
    assert.deepEqual([...first.metrics, ...second.metrics], straight.metrics);
    assert.deepEqual(second.weights, straight.weights);
    assert.deepEqual(second.tensors, straight.tensors);
    assert.deepEqual(second.test, straight.test);
  }
});

test('scores, the result, its network and the model are of the averages', async () => {
  const bestOnes: ReadonlyMap<string, Tensor>[] = [];
  let last: Checkpoint | undefined;
  const observer: Observer = {
    onCheckpoint(checkpoint) {
      last = checkpoint;
      if (checkpoint.best) bestOnes.push(checkpoint.best);
    },
  };
  const config = toyConfig({ average });
  const result = await train(config, { data, threads: 1, observers: [observer] });
  const plain = await train(toyConfig(), { data, threads: 1 });
  const { weights, summary, network, metrics } = result;
  assert.deepEqual(bits(last!.averaged!), bits(weights));
  // The training itself is the same, what it yields is not.
  assert.deepEqual(bits(last!.weights), bits(plain.weights));
  assert.notDeepEqual(bits(weights), bits(plain.weights));
  assert.deepEqual(metrics.at(-1)!.train, plain.metrics.at(-1)!.train);
  assert.notDeepEqual(metrics.at(-1)!.validation, plain.metrics.at(-1)!.validation);
  assert.deepEqual(metrics.at(-1)!.density, plain.metrics.at(-1)!.density);

  const resolved = resolveConfig(config);
  const threads = 1;
  const onValidation = { data, threads, split: 'validation' } as const;
  assert.deepEqual(await evaluate(resolved, weights, onValidation), metrics.at(-1)!.validation);
  assert.deepEqual(await evaluate(resolved, weights, { data, threads }), summary.test);
  const best = metrics.reduce((a, b) =>
    b.validation!.accuracy! > a.validation!.accuracy! ? b : a,
  );
  assert.deepEqual(await evaluate(resolved, bestOnes.at(-1)!, onValidation), best.validation);

  const inputs = (data.test.inputs as Float32Array).slice(0, 36 * 5);
  const model = await openModel(encodeModel(result.model, weights), { threads });
  assert.deepEqual(await network.predict(inputs), await model.predict(inputs));
  for (const each of [result, plain, model]) each.close();
});

test('a state without averages is refused where the configuration wants them', async () => {
  const { result } = await outcome({ epochs: 1 });
  const { progress, weights, optimizer } = result.checkpoint;
  const resume = { progress, tensors: new Map([...weights, ...optimizer]) };
  await assert.rejects(outcome({ epochs: 2, average }, { resume }), (error: Error) => {
    assert.ok(error instanceof DamagedRunError);
    assert.equal(error.message, "average 'fc1.weight.average': 720 numbers expected, none found");
    return true;
  });
});
