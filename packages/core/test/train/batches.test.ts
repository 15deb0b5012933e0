import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type BatchSource, type Samples, samples } from '#lib/data/index.js';
import { ConfigError } from '#lib/schema/index.js';
import {
  type Checkpoint,
  type ConfigInput,
  type Observer,
  type StepProgress,
  type TrainingData,
  type TrainOptions,
  train,
} from '#lib/train/index.js';
import { bits, timeless, toyConfig, toyData } from './toy.js';

const data = toyData();
const size = data.train.inputs.length / data.train.count;
const labels = (data.train.targets as { labels: Uint8Array }).labels;

/** The toy's samples one after the other, moved by noise of the batch's own. */
const source: BatchSource = {
  count: data.train.count,
  shape: data.train.shape,
  inputType: 'floats',
  targets: { kind: 'classes', classes: 4 },
  batch({ epoch, batch, count, random }) {
    // Every other epoch the other way round.
    const numbers = Array.from({ length: count }, (_, i) => {
      const place = batch * 16 + i;
      return epoch % 2 === 0 ? place : data.train.count - 1 - place;
    });
    const inputs = new Float32Array(count * size);
    for (const [i, n] of numbers.entries()) {
      inputs.set((data.train.inputs as Float32Array).subarray(n * size, (n + 1) * size), i * size);
    }
    for (let i = 0; i < inputs.length; i++) inputs[i] += 0.1 * random.normal();
    const answers = Uint8Array.from(numbers, (n) => labels[n]);
    return samples(inputs, data.train.shape, answers, { classes: 4 });
  },
};

for (const backend of ['wasm', 'plain'] as const)
  describe(`training in code, ${backend}`, () => {
    /** Trains with one thread; what is left of the run, but for the clock. */
    async function outcome(
      training: TrainingData,
      changes: Partial<ConfigInput> = {},
      options: Partial<TrainOptions> = {},
    ) {
      const result = await train(toyConfig(changes), {
        data: training,
        threads: 1,
        backend,
        ...options,
      });
      result.close();
      const { ending, summary, metrics, weights } = result;
      return { ending, summary, metrics: timeless(metrics), weights: bits(weights) };
    }

    /** The same, paused after so many steps and resumed from the checkpoint. */
    async function pausedAt(
      step: number,
      training: TrainingData,
      changes: Partial<ConfigInput> = {},
    ) {
      const pause = new AbortController();
      let checkpoint: Checkpoint | undefined;
      const observer: Observer = {
        onStep: (progress) => (progress.step === step ? pause.abort() : undefined),
        onCheckpoint(each) {
          checkpoint = each;
        },
      };
      const first = await outcome(training, changes, {
        observers: [observer],
        signal: pause.signal,
      });
      assert.equal(first.ending, 'signal');
      const { progress, weights, optimizer } = checkpoint!;
      const tensors = new Map([...weights, ...optimizer]);
      const second = await outcome(training, changes, { resume: { progress, tensors } });
      return { ...second, metrics: [...first.metrics, ...second.metrics] };
    }

    test('a network learns from batches that are made for it, and resumes to the same bits', async () => {
      const training = { train: source, test: data.test };
      const straight = await outcome(training, { validation: 0 });
      assert.ok(straight.summary.test!.accuracy! > 0.9);
      for (const step of [3, 13, 20]) {
        const resumed = await pausedAt(step, training, { validation: 0 });
        assert.deepEqual(resumed.weights, straight.weights);
        assert.deepEqual(resumed.metrics, straight.metrics);
      }
    });

    test('batches of the same samples in the same order give the bits of arrays', async () => {
      const wanted: number[] = [];
      const inArrays: TrainingData = {
        train: { ...data.train, inputs: data.train.inputs },
        augment: (sample) => void wanted.push(...sample),
      };
      const expected = await outcome(inArrays, { validation: 0 });
      let at = 0;
      const replayed: BatchSource = {
        ...source,
        batch({ count }) {
          const inputs = Float32Array.from(wanted.slice(at, at + count * size));
          at += inputs.length;
          const answers = Array.from({ length: count }, (_, i) => labels[sampleAt(inputs, i)]);
          return samples(inputs, data.train.shape, answers, { classes: 4 });
        },
      };
      const found = await outcome({ train: replayed }, { validation: 0 });
      assert.deepEqual(found.weights, expected.weights);
      assert.deepEqual(found.metrics, expected.metrics);
    });

    /** Which of the toy's samples stands at a place. */
    function sampleAt(inputs: Float32Array, place: number): number {
      const first = inputs[place * size];
      for (let n = 0; n < data.train.count; n++) {
        if (data.train.inputs[n * size] === first) return n;
      }
      throw new Error('none of them');
    }

    test('a batch that is not as announced is named', async () => {
      const broken = (change: (batch: Samples) => Samples): TrainingData => ({
        train: { ...source, batch: (place) => change(source.batch(place)) },
      });
      const wrong: [TrainingData, RegExp][] = [
        [
          broken((batch) => ({ ...batch, count: batch.count - 1 })),
          /^batch 0 of epoch 0: it holds 15 samples of \[1,6,6\] floats with 4 classes, announced are 16 samples of/,
        ],
        [broken((batch) => ({ ...batch, shape: [36] })), /holds 16 samples of \[36\]/],
        [
          broken((batch) => ({ ...batch, inputs: new Uint8Array(batch.inputs.length) })),
          /holds 16 samples of \[1,6,6\] bytes/,
        ],
        [
          broken((batch) => ({ ...batch, targets: { ...batch.targets, classes: 3 } as never })),
          /with 3 classes/,
        ],
      ];
      for (const [training, message] of wrong) {
        await assert.rejects(outcome(training, { validation: 0 }), {
          name: 'UserError',
          message,
        });
      }
      const all = { train: source };
      await assert.rejects(outcome(all, {}), (error: Error) => {
        assert.ok(error instanceof ConfigError);
        assert.match(error.message, /^validation: it needs samples in arrays.*set it to 0$/);
        return true;
      });
      await assert.rejects(
        outcome({ ...all, augment() {} }, { validation: 0 }),
        /^UserError: augment: it needs samples in arrays/,
      );
    });

    test("one's own augmentation sees copies, draws from the seed, and resumes to the same bits", async () => {
      const before = data.train.inputs.slice();
      const noisy: TrainingData = {
        ...data,
        augment(sample, random) {
          assert.equal(sample.length, size);
          for (let i = 0; i < sample.length; i++) sample[i] += 0.3 * random.normal();
        },
      };
      for (const augment of [null, { crop: 1, flip: true }]) {
        const straight = await outcome(noisy, { augment });
        assert.deepEqual(data.train.inputs, before);
        assert.notDeepEqual(straight.weights, (await outcome(data, { augment })).weights);
        assert.notDeepEqual(straight.weights, (await outcome(noisy, { augment, seed: 1 })).weights);
        const resumed = await pausedAt(13, noisy, { augment });
        assert.deepEqual(resumed.weights, straight.weights);
        assert.deepEqual(resumed.metrics, straight.metrics);
      }
    });

    test('an augmentation that changes nothing changes no bit', async () => {
      for (const augment of [null, { crop: 1, flip: true }]) {
        const plain = await outcome(data, { augment });
        const idle = await outcome({ ...data, augment() {} }, { augment });
        assert.deepEqual(idle.weights, plain.weights);
        assert.deepEqual(idle.metrics, plain.metrics);
      }
    });

    test('a cutout leaves crops and mirrors as they are, covers by the mean, and resumes', async () => {
      /** All training samples, as one's own augmentation sees them after the configuration's. */
      const seen = async (cutout: number, mean?: readonly number[]) => {
        const inputs: number[] = [];
        const watched: TrainingData = {
          ...data,
          ...(mean && { mean, std: [1] }),
          augment: (sample) => void inputs.push(...sample),
        };
        await outcome(watched, { augment: { crop: 1, flip: true, cutout }, epochs: 1 });
        return inputs;
      };
      const whole = await seen(0);
      for (const mean of [undefined, [0.25]]) {
        const cut = await seen(3, mean);
        const covered = cut.filter((x, i) => x !== whole[i]);
        assert.ok(covered.every((x) => x === (mean?.[0] ?? 0)));
        const share = covered.length / cut.length;
        assert.ok(share > 0.1 && share < 0.25, `${share}`);
      }
      const changes = { augment: { flip: true, cutout: 3 } };
      const straight = await outcome(data, changes);
      const resumed = await pausedAt(13, data, changes);
      assert.deepEqual(resumed.weights, straight.weights);
      assert.deepEqual(resumed.metrics, straight.metrics);
    });

    test('a cutout that does not fit the images is refused', async () => {
      await assert.rejects(outcome(data, { augment: { cutout: 7 } }), (error: Error) => {
        assert.ok(error instanceof ConfigError);
        assert.equal(
          error.message,
          'augment.cutout: a square of 7 pixels does not fit images of 6 × 6; it must be at most 6',
        );
        return true;
      });
      const twoMeans = { ...data, mean: [0, 0] };
      const changes = { normalize: false, augment: { cutout: 2 } };
      await assert.rejects(
        outcome(twoMeans, changes),
        /^UserError: mean: 2 values for 1 channels$/,
      );
    });

    test('a warm-up by steps resumes to the same bits, and is refused where it fills the run', async () => {
      const warmed = (steps: number) => ({
        schedule: { kind: 'warmup', steps, schedule: { kind: 'one-cycle' } } as const,
      });
      const straight = await outcome(data, warmed(12));
      const plain = await outcome(data, { schedule: { kind: 'one-cycle' } });
      assert.notDeepEqual(straight.weights, plain.weights);
      for (const step of [5, 13]) {
        const resumed = await pausedAt(step, data, warmed(12));
        assert.deepEqual(resumed.weights, straight.weights);
        assert.deepEqual(resumed.metrics, straight.metrics);
      }
      await assert.rejects(outcome(data, warmed(40)), (error: Error) => {
        assert.ok(error instanceof ConfigError);
        assert.equal(
          error.message,
          "schedule: 40 steps of warm-up are not fewer than the run's 40",
        );
        return true;
      });
    });

    test('every step is told with its loss, λ and density', async () => {
      const steps: StepProgress[] = [];
      const result = await outcome(
        data,
        { lambdaPolicy: { kind: 'target-density', density: 0.1, everySteps: 1 } },
        { observers: [{ onStep: (progress) => void steps.push(progress) }] },
      );
      assert.equal(steps.length, 40);
      assert.deepEqual(
        steps.map(({ step }) => step),
        steps.map((_, i) => i + 1),
      );
      const last = steps.at(-1)!;
      assert.deepEqual(
        [last.epoch, last.epochs, last.samples, last.samplesPerEpoch],
        [4, 4, 160, 160],
      );
      assert.equal(last.density, result.summary.density.total);
      const metrics = result.metrics as { train: { loss: number }; lambda: number }[];
      for (const [epoch, { train, lambda }] of metrics.entries()) {
        const own = steps.slice(10 * epoch, 10 * epoch + 10);
        // Batches of one size: the epoch's mean is the mean of the steps'.
        const mean = own.reduce((sum, { loss }) => sum + loss, 0) / own.length;
        assert.ok(Math.abs(mean - train.loss) < 1e-12 * train.loss);
        assert.equal(own.at(-1)!.lambda, lambda);
      }
      assert.ok(new Set(steps.map(({ density }) => density)).size > 5);
      assert.ok(new Set(steps.map(({ lambda }) => lambda)).size > 5);
    });

    test('a run that is stopped is complete; one that is paused is not; both go on to the same bits', async () => {
      const straight = await outcome(data);
      for (const kind of ['stop', 'signal'] as const) {
        const controller = new AbortController();
        let checkpoint: Checkpoint | undefined;
        const observer: Observer = {
          onStep: ({ step }) => (step === 13 ? controller.abort() : undefined),
          onCheckpoint(each) {
            checkpoint = each;
          },
        };
        const options = { observers: [observer], [kind]: controller.signal };
        const ended = await outcome(data, {}, options);
        assert.equal(ended.ending, kind === 'stop' ? 'stopped' : 'signal');
        assert.equal(ended.summary.test !== undefined, kind === 'stop');
        assert.deepEqual([ended.metrics.length, ended.summary.epochs], [1, 1]);
        assert.equal(checkpoint!.progress.trainer.steps, 13);
        const { progress, weights, optimizer } = checkpoint!;
        const tensors = new Map([...weights, ...optimizer]);
        const resumed = await outcome(data, {}, { resume: { progress, tensors } });
        assert.equal(resumed.ending, 'epochs');
        assert.deepEqual(resumed.weights, straight.weights);
      }
    });
  });
