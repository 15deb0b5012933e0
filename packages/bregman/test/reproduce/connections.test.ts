import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Tensor } from '@bregman/core/files';
import type { NetworkDescription } from '@bregman/core/graph';
import { resolve } from '@bregman/core/layers';
import { sizeOf } from '@bregman/core/math';
import { denseBlock, densenet, skipEncoder } from '@bregman/core/models';
import { connectionsOf } from '#lib/reproduce/index.js';

/** Zeros, but for what is set. */
function weightsOf(description: NetworkDescription): Map<string, Tensor> {
  return new Map(
    resolve(description).flatMap(({ name, parameters }) =>
      Object.entries(parameters).map(([short, { shape }]) => [
        `${name}.${short}`,
        { shape, data: new Float32Array(sizeOf(shape)) },
      ]),
    ),
  );
}

test('of a dense block: the share of kernels kept of each source', () => {
  const description = denseBlock({ depth: 2, growth: 3 });
  const weights = weightsOf(description);
  // Output 1 of conv2 reads channel 4 of its 6: the second of conv1.
  weights.get('conv2.weight')!.data[(6 + 4) * 9 + 2] = 1;
  weights.get('last.weight')!.data.fill(1);
  const { readers, sources, strengths, measure } = connectionsOf(description, weights);
  assert.deepEqual([readers, measure], [['conv1', 'conv2', 'last'], 'kernels']);
  assert.deepEqual(sources, ['conv0', 'conv1', 'conv2']);
  assert.deepEqual(strengths, [
    [0, Number.NaN, Number.NaN],
    [0, 1 / 9, Number.NaN],
    [1, 1, 1],
  ]);
});

test('of a DenseNet: past norms, pools and bottlenecks', () => {
  const description = densenet({ depth: 16 });
  const { readers, sources, strengths } = connectionsOf(description, weightsOf(description));
  const row = strengths[readers.indexOf('features.denseblock1.denselayer2.conv1')];
  assert.deepEqual(
    sources.filter((_, i) => row[i] === 0),
    ['features.conv0', 'features.denseblock1.denselayer1.conv2'],
  );
  assert.ok(sources.includes('features.transition1.conv'));
});

test('of a skip encoder: the size of each scale', () => {
  const description = skipEncoder(5, 3);
  const weights = weightsOf(description);
  weights.get('skip3.1.weight')!.data[0] = -0.25;
  const { readers, sources, strengths, measure } = connectionsOf(description, weights);
  assert.deepEqual([readers, measure], [['fc1', 'fc2', 'fc3'], 'scales']);
  assert.deepEqual(sources, ['input', 'fc1', 'fc2']);
  assert.deepEqual(strengths[2], [0, 0.25, 0]);
});
