import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inferenceMultiplyAdds, network, stepMultiplyAdds, weightWork } from '#lib/graph/index.js';
import { conv2d, flatten, linear, relu, resolve, scaledAdd } from '#lib/layers/index.js';
import { mlp } from '#lib/models/index.js';

test('an MLP, counted by hand', () => {
  const work = weightWork(resolve(mlp([6, 4, 3])));
  assert.deepEqual(work, [
    { name: 'fc1.weight', weights: 24, positions: 1, passesGradient: false },
    { name: 'fc2.weight', weights: 12, positions: 1, passesGradient: true },
  ]);
  const kept: Record<string, number> = { 'fc1.weight': 5, 'fc2.weight': 2 };
  const nonZeros = (name: string) => kept[name];
  assert.deepEqual(inferenceMultiplyAdds(work, nonZeros), { used: 7, dense: 36 });

  // Forward 7, back through fc2 2, a sample; dense 36 + 12 + 36.
  const samples = 40;
  const dense = samples * 84;
  assert.deepEqual(stepMultiplyAdds(work, nonZeros, samples, 'all'), {
    used: samples * (9 + 36),
    dense,
  });
  assert.deepEqual(stepMultiplyAdds(work, nonZeros, samples, 'support'), {
    used: samples * (9 + 7),
    dense,
  });
  assert.deepEqual(stepMultiplyAdds(work, nonZeros, samples, 'sampled'), {
    used: samples * (9 + 7) + 16 * (36 - 7),
    dense,
  });
  // Fewer samples than a block: all of them.
  assert.deepEqual(
    stepMultiplyAdds(work, nonZeros, 10, 'sampled'),
    stepMultiplyAdds(work, nonZeros, 10, 'all'),
  );
});

test('convolutions work at every output position, with stride and padding', () => {
  const description = network(
    [2, 7, 7],
    [
      ['a', conv2d(3, 3, { stride: 2, padding: 1 })],
      relu(),
      ['b', conv2d(4, 2)],
      flatten(),
      linear(5),
    ],
  );
  assert.deepEqual(weightWork(resolve(description)), [
    { name: 'a.weight', weights: 3 * 2 * 9, positions: 16, passesGradient: false },
    { name: 'b.weight', weights: 4 * 3 * 4, positions: 9, passesGradient: true },
    { name: '4.weight', weights: 5 * 36, positions: 1, passesGradient: true },
  ]);
  const [, b] = weightWork(resolve(description));
  assert.deepEqual(
    stepMultiplyAdds([b], () => 7, 20, 'sampled'),
    {
      used: 9 * (2 * 7 * 20 + 7 * 20 + (48 - 7) * 16),
      dense: 9 * 3 * 48 * 20,
    },
  );
});

test('the scale of a sum multiplies every feature of its second input', () => {
  const description = network(
    [6],
    [
      ['fc', linear(6)],
      ['own', scaledAdd(), 'fc', 'input'],
      ['other', scaledAdd(), 'own', 'fc'],
    ],
  );
  assert.deepEqual(weightWork(resolve(description)).slice(1), [
    { name: 'own.weight', weights: 1, positions: 6, passesGradient: false },
    { name: 'other.weight', weights: 1, positions: 6, passesGradient: true },
  ]);
});
