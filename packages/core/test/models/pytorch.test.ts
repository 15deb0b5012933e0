import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { type Network, WasmBackend } from '#lib/backend/index.js';
import { PlainBackend } from '#lib/backend/plain/index.js';
import { convnet, resnet18 } from '#lib/models/index.js';
import { atOnce } from '../at-once.js';
import { builds } from '../engine/builds.js';
import { always } from '../nn/site.js';
import {
  batchOf,
  type Fixture,
  type FixtureCase,
  type Summary,
  summarize,
  weightsOf,
} from './fixture.js';

/** Of the largest logit, and of a tensor's largest entry or its norm. */
const TOLERANCE = 1e-3;

/** The last block of sixteen samples is not full. */
const models = { convnet: convnet(), resnet18: resnet18() };

for (const { build, skip } of builds) {
  for (const [name, description] of Object.entries(models)) {
    describe(`${name} as PyTorch has it, build ${build}`, { skip }, () => {
      const { samples: batchSize, cases } = fixtureOf(name);
      for (const by of ['rows', 'entries'] as const) {
        test(`by ${by}`, async (t) => {
          const backend = await WasmBackend.create({ build, threads: 2 });
          t.after(() => backend.close());
          const network = backend.compile(description, {
            batchSize,
            breakEven: always[by],
          });
          for (const [density, expected] of Object.entries(cases)) {
            const worst = compareStep(network, Number(density), expected).toExponential(1);
            t.diagnostic(`kernels kept: ${density}; worst relative error: ${worst}`);
          }
        });
      }
    });
  }
}

test('convnet as PyTorch has it, plain', (t) => {
  const { samples: batchSize, cases } = fixtureOf('convnet');
  const network = new PlainBackend().compile(models.convnet, { batchSize });
  for (const [density, expected] of Object.entries(cases)) {
    const worst = compareStep(network, Number(density), expected).toExponential(1);
    t.diagnostic(`kernels kept: ${density}; worst relative error: ${worst}`);
  }
});

function fixtureOf(name: string): Fixture {
  return JSON.parse(readFileSync(new URL(`../fixtures/${name}.json`, import.meta.url), 'utf8'));
}

/** Loss, gradients, running statistics and outputs of one step; returns the worst error. */
function compareStep(network: Network, density: number, expected: FixtureCase): number {
  const { batchSize } = network;
  const worst: number[] = [];
  const compare = (what: string, value: number, wanted: number, scale: number) => {
    const error = Math.abs(value - wanted) / scale;
    assert.ok(error <= TOLERANCE, `${what}: ${value}, expected ${wanted} of scale ${scale}`);
    worst.push(error);
  };
  const compareAll = (what: string, values: Float32Array, wanted: Summary) => {
    const { norm, largest, entries } = wanted;
    const found = summarize(values, entries.length);
    for (const key of ['norm', 'sum', 'projection'] as const) {
      compare(`${key} of ${what}`, found[key], wanted[key], norm);
    }
    compare(`largest of ${what}`, found.largest, largest, largest);
    for (const [k, entry] of entries.entries()) {
      compare(`entry ${k} of ${what}`, found.entries[k], entry, largest);
    }
  };
  const gradientOf = (each: Network['parameters'][number]) => atOnce(network.readGradient(each));

  const weights = network.parameters.map((each) => weightsOf(each, density, expected.nudges));
  network.parameters.forEach((each, i) => void network.write(each, weights[i]));
  network.reindex();
  for (const each of network.buffers) {
    network.write(each, new Float32Array(each.shape[0]).fill(each.initial));
  }
  const { images, labels, order } = batchOf(network, batchSize);
  const loadBatch = () => {
    network.loadInputs(images, order, 0, batchSize);
    network.loadLabels(labels, order, 0);
  };

  loadBatch();
  const { loss, samples } = atOnce(network.differentiate('all'));
  compare('loss', loss / samples, expected.loss, expected.loss);
  for (const each of network.parameters) {
    compareAll(`gradient of ${each.name}`, gradientOf(each), expected.gradients[each.name]);
  }
  for (const each of network.buffers) {
    compareAll(each.name, atOnce(network.read(each)), expected.buffers[each.name]);
  }

  const logits = atOnce(network.predict(images));
  const scale = Math.max(...expected.logits.map(Math.abs));
  for (const [i, logit] of expected.logits.entries()) {
    compare(`logit ${i}`, logits[i], logit, scale);
  }

  loadBatch();
  network.differentiate('support');
  for (const [i, parameter] of network.parameters.entries()) {
    const { name } = parameter;
    const sparse = expected.supportGradients[name];
    const kept = gradientOf(parameter).filter((_, at) => !sparse || weights[i][at] !== 0);
    compareAll(`gradient of ${name} on its support`, kept, sparse ?? expected.gradients[name]);
  }
  return Math.max(...worst);
}
