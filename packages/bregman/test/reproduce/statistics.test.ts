import assert from 'node:assert/strict';
import { test } from 'node:test';
import { differenceInWords } from '#lib/reproduce/compare.js';
import { formatSpread, formatValue, metricOf } from '#lib/reproduce/metric.js';
import { statistics } from '#lib/reproduce/statistics.js';

test('mean and standard deviation, by hand', () => {
  assert.deepEqual(statistics([2, 4, 9]), { count: 3, mean: 5, deviation: Math.sqrt(26 / 2) });
  assert.deepEqual(statistics([7]), { count: 1, mean: 7, deviation: undefined });
  // 0.05 + 0.05 + 0.05 is not 0.15.
  assert.deepEqual(statistics([0.05, 0.05, 0.05]), { count: 3, mean: 0.05, deviation: 0 });
});

test('values are written with their unit and spread', () => {
  const accuracy = metricOf('test accuracy');
  const J = metricOf('regularizer');
  assert.equal(formatValue(accuracy, 0.97134), '97.1 %');
  assert.equal(formatValue(accuracy, 0.0342), '3.42 %');
  assert.equal(formatValue(J, 141.234), '141.2');
  assert.equal(formatValue(J, 0.0000123), '1.23e-5');
  assert.equal(formatSpread(accuracy, 0.97134, 0.0031), '97.1 ± 0.3 %');
  assert.equal(formatSpread(J, 141.234, 1.26), '141.2 ± 1.3');
  assert.equal(formatSpread(J, 141.234, undefined), '141.2');
  assert.equal(formatSpread(J, 0.05, 0), '0.05');
  assert.equal(formatSpread(accuracy, 0.5, 0), '50.0 %');
  assert.equal(formatSpread(J, 12_345, 67.8), '12,345 ± 68');
});

test('differences are called by their name', () => {
  const words = (ours: number[], theirs: number[], metric: string) =>
    differenceInWords(ours, theirs, metricOf(metric));
  assert.equal(words([0.086, 0.091, 0.086], [0.085, 0.087, 0.08], 'density'), 'within the spread');
  assert.equal(words([0.09, 0.0901], [0.085, 0.0851], 'density'), '0.5 points denser');
  // A single number spreads like the others: 2·√(0.01² + 0.01²/3) = 0.023.
  assert.equal(words([0.96, 0.97, 0.98], [0.99], 'test accuracy'), 'within the spread');
  assert.equal(words([0.96, 0.97, 0.98], [0.9998], 'test accuracy'), '3.0 points lower');
  assert.equal(words([0.995], [0.96, 0.97, 0.98], 'test accuracy'), '2.5 points higher');
  assert.equal(words([0.99], [0.96, 0.97, 0.98], 'test accuracy'), 'within the spread');
  // The error of means of four is half that of one value: 2·√(0.01²/4 + 0.01²/4) = 0.014.
  const [ours, near, far] = [0.97, 0.983, 0.985].map((mean) => {
    const step = 0.01 * Math.sqrt(3 / 4);
    return [mean - step, mean + step, mean - step, mean + step];
  });
  assert.equal(words(ours, near, 'test accuracy'), 'within the spread');
  assert.equal(words(ours, far, 'test accuracy'), '1.5 points lower');
  assert.equal(words([0.96], [0.976], 'test accuracy'), '1.6 points lower, one seed each');
  assert.equal(words([0.98], [0.976], 'test accuracy'), '0.4 points higher, one seed each');
  assert.equal(words([0.976], [0.976], 'test accuracy'), 'equal');
  assert.equal(words([140], [100], 'regularizer'), '40 % larger, one seed each');
  assert.equal(words([0.0294, 0.0294], [0.03], 'train loss'), '2.0 % lower');
});

test('metrics of families name their part', () => {
  assert.equal(metricOf('rows/fc3').label, 'rows alive in fc3');
  assert.equal(metricOf('reaches/0.95').label, 'epochs to 95.0 % validation accuracy');
  for (const goal of ['foo', '0', '95']) {
    assert.throws(() => metricOf(`reaches/${goal}`), /write a share above 0 to 1, such as/);
  }
  assert.throws(() => metricOf('toString'), /there is no metric 'toString'/);
  assert.throws(() => metricOf('colour/fc3'), /there is no metric 'colour\/fc3'/);
});
