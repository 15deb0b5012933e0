import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { stream } from '#lib/math/index.js';

const draws = 100_000;
const sample = (draw: () => number) => Float64Array.from({ length: draws }, draw);
const mean = (x: Float64Array) => x.reduce((a, b) => a + b) / x.length;
const covariance = (x: Float64Array, y: Float64Array) =>
  mean(x.map((value, i) => value * y[i])) - mean(x) * mean(y);

describe('stream', () => {
  test('the same seed and path give the same numbers', () => {
    const a = stream(7, 'shuffle', 3);
    const b = stream(7, 'shuffle', 3);
    for (let i = 0; i < 100; i++) assert.equal(a.uniform(), b.uniform());
  });

  test('the numbers of a path never change between versions', () => {
    assert.equal(stream(1, 'pinned').below(2 ** 32), 2394498018);
  });

  test('different seeds and paths give different numbers', () => {
    const streams = [
      stream(7),
      stream(8),
      stream(7, 'a'),
      stream(7, 'b'),
      stream(7, 1),
      stream(7, '1'),
      stream(7, 'ab', 'c'),
      stream(7, 'a', 'bc'),
      stream(71),
      stream(-7),
      stream(7.5),
    ];
    assert.equal(new Set(streams.map((s) => s.uniform())).size, streams.length);
  });

  test('neighbouring epochs are uncorrelated', () => {
    const a = stream(0, 'epoch', 1);
    const b = stream(0, 'epoch', 2);
    assert.ok(
      Math.abs(covariance(sample(a.uniform), sample(b.uniform))) < 5 / 12 / Math.sqrt(draws),
    );
  });

  test('uniform: mean 1/2, variance 1/12, within [0, 1)', () => {
    const x = sample(stream(1).uniform);
    assert.ok(x.every((value) => value >= 0 && value < 1));
    assert.ok(Math.abs(mean(x) - 0.5) < 0.005);
    assert.ok(Math.abs(covariance(x, x) - 1 / 12) < 0.002);
  });

  test('normal: mean 0, variance 1, kurtosis 3', () => {
    const x = sample(stream(2).normal);
    assert.ok(Math.abs(mean(x)) < 0.02);
    assert.ok(Math.abs(covariance(x, x) - 1) < 0.02);
    assert.ok(Math.abs(mean(x.map((value) => value ** 4)) - 3) < 0.2);
  });

  test('below and bernoulli have the right shares', () => {
    const { below, bernoulli } = stream(3);
    const counts = new Float64Array(5);
    for (let i = 0; i < draws; i++) counts[below(5)]++;
    for (const count of counts) assert.ok(Math.abs(count / draws - 0.2) < 0.01);
    assert.ok(Math.abs(mean(sample(() => Number(bernoulli(0.01)))) - 0.01) < 0.002);
  });

  test('shuffle permutes, every place equally likely', () => {
    const { shuffle } = stream(4);
    const first = new Float64Array(6);
    for (let i = 0; i < 60_000; i++) {
      const items = Int32Array.from({ length: 6 }, (_, item) => item);
      shuffle(items);
      first[items[0]]++;
      if (i === 0) assert.deepEqual(items.toSorted(), Int32Array.of(0, 1, 2, 3, 4, 5));
    }
    for (const count of first) assert.ok(Math.abs(count - 10_000) < 500);
  });
});
