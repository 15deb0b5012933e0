import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Tensor } from '@bregman/core/files';
import { type EpochMetrics, resolveConfig } from '@bregman/core/train';
import { type Chart, figuresOfRuns, metricNames, type PlottedRun } from '#lib/plot/index.js';

function metrics(epoch: number, changes: Partial<EpochMetrics> = {}): EpochMetrics {
  return {
    epoch,
    train: { loss: 1 / epoch, accuracy: 1 - 0.3 / epoch },
    validation: { loss: 1.2 / epoch, accuracy: 1 - 0.4 / epoch },
    density: { total: 0.01 * epoch, layers: { fc1: 0.01 * epoch, fc2: 0.1 } },
    regularizer: epoch,
    lambda: 0.1,
    learningRate: 0.1,
    seconds: 2,
    samplesPerSecond: 1000,
    ...changes,
  };
}

function run(label: string, changes: Partial<PlottedRun> = {}): PlottedRun {
  const config = resolveConfig({ model: { kind: 'mlp', hidden: [4] } });
  return { label, config, metrics: [metrics(1), metrics(2)], ...changes };
}

/** The one figure of a metric. */
function chartOf(runs: readonly PlottedRun[], metric: (typeof metricNames)[number]): Chart {
  const [figure, ...others] = figuresOfRuns(runs, [metric]);
  assert.deepEqual(others, []);
  return figure.chart;
}

function seriesOf(chart: Chart) {
  assert.ok(chart.kind === 'lines');
  return chart.series;
}

function weights(name: string, shape: readonly number[], value: (i: number) => number) {
  const data = Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => value(i));
  return new Map<string, Tensor>([
    ['bn.weight', { shape: [3], data: Float32Array.of(1, 1, 1) }],
    [name, { shape, data }],
  ]);
}

test('accuracy shows validation and, in its colour, training of each run', () => {
  const series = seriesOf(chartOf([run('a'), run('b')], 'accuracy'));
  assert.deepEqual(
    series.map(({ name, colorOf }) => [name, colorOf]),
    [
      ['a', undefined],
      ['a, training', 'a'],
      ['b', undefined],
      ['b, training', 'b'],
    ],
  );
  assert.deepEqual(series[0].points, [
    { x: 1, y: 0.6 },
    { x: 2, y: 0.8 },
  ]);
});

test('without validation samples the training ones are shown', () => {
  const { validation: _, ...rest } = metrics(1);
  const series = seriesOf(chartOf([run('a', { metrics: [rest] })], 'accuracy'));
  assert.deepEqual(
    series.map(({ name }) => name),
    ['a, training'],
  );
});

test('a run without a metric is left out of its figure, none have no figure', () => {
  const { validation: _, ...rest } = metrics(1, { train: { loss: 1 } });
  const values = run('values', { metrics: [rest] });
  assert.equal(seriesOf(chartOf([run('a'), values], 'accuracy')).length, 2);
  assert.deepEqual(figuresOfRuns([values], ['accuracy', 'weights']), []);
});

test('an infinite J is a gap', () => {
  const [{ points }] = seriesOf(
    chartOf(
      [run('a', { metrics: [metrics(1), metrics(2, { regularizer: null })] })],
      'regularizer',
    ),
  );
  assert.deepEqual(
    points.map(({ y }) => y),
    [1, Number.NaN],
  );
});

test('values that span a wide range have a logarithmic axis', () => {
  const scale = (lambda: number) => {
    const chart = chartOf([run('a', { metrics: [metrics(1), metrics(2, { lambda })] })], 'lambda');
    assert.ok(chart.kind === 'lines');
    return chart.y.scale;
  };
  assert.deepEqual([scale(0.5), scale(5), scale(0)], ['linear', 'log', 'linear']);
});

test('layers are a heat map of each run', () => {
  const figures = figuresOfRuns([run('a'), run('b')], ['layers']);
  assert.deepEqual(
    figures.map(({ name }) => name),
    ['layers-1', 'layers-2'],
  );
  const { chart } = figures[0];
  assert.ok(chart.kind === 'heatmap');
  assert.deepEqual(
    [chart.rows, chart.columns],
    [
      ['fc1', 'fc2'],
      [1, 2],
    ],
  );
  assert.deepEqual(chart.values, [
    [0.01, 0.02],
    [0.1, 0.1],
  ]);
});

test('rows of a linear layer become images, the strongest first, empty ones left out', () => {
  const rows = weights('fc1.weight', [3, 4], (i) => [0, 1, 0, 0, 0, 0, 0, 0, 0, 0, -2, 3][i]);
  const [{ chart, caption }] = figuresOfRuns([run('a', { weights: rows })], ['weights']);
  assert.ok(chart.kind === 'images');
  assert.match(caption, /^Weights of fc1, 2 of 3 rows left, strongest first: a$/);
  const { images } = chart.rows[0];
  assert.deepEqual(
    images.map(({ width, height, channels, data }) => [width, height, channels, [...data]]),
    [
      [2, 2, 1, [0, 0, -2, 3]],
      [2, 2, 1, [0, 1, 0, 0]],
    ],
  );
});

test('rows of three square planes become colour images', () => {
  const rows = weights('fc1.weight', [1, 12], (i) => i + 1);
  const chart = chartOf([run('a', { weights: rows })], 'weights');
  assert.ok(chart.kind === 'images');
  const [image] = chart.rows[0].images;
  assert.deepEqual([image.width, image.channels], [2, 3]);
  assert.deepEqual([...image.data], [1, 5, 9, 2, 6, 10, 3, 7, 11, 4, 8, 12]);
});

test('filters of one or three channels are images, of others each kernel is one', () => {
  const count = (inputs: number) => {
    const filters = weights('conv1.weight', [2, inputs, 3, 3], () => 1);
    const chart = chartOf([run('a', { weights: filters })], 'weights');
    assert.ok(chart.kind === 'images');
    return chart.rows[0].images.length;
  };
  assert.deepEqual([count(1), count(3), count(4)], [2, 2, 8]);
});

test('no more than a hundred pictures are shown', () => {
  const rows = weights('fc1.weight', [150, 4], () => 1);
  const [{ chart, caption }] = figuresOfRuns([run('a', { weights: rows })], ['weights']);
  assert.ok(chart.kind === 'images');
  assert.equal(chart.rows[0].images.length, 100);
  assert.match(caption, /150 of 150 rows left, the 100 strongest of them/);
});

test('weights that make no pictures have no figure', () => {
  const shapes = [
    [2, 5],
    [2, 1],
    [0, 4],
  ];
  for (const shape of shapes) {
    const tensors = weights('fc1.weight', shape, () => 1);
    assert.deepEqual(figuresOfRuns([run('a', { weights: tensors })], ['weights']), []);
  }
  const empty = weights('fc1.weight', [2, 4], () => 0);
  assert.deepEqual(figuresOfRuns([run('a', { weights: empty })], ['weights']), []);
});

test('all metrics have a figure, each of a name that a file can have', () => {
  const all = weights('fc1.weight', [2, 4], () => 1);
  const names = figuresOfRuns([run('../a', { weights: all })]).map(({ name }) => name);
  assert.deepEqual(names, metricNames);
});
