import type { MultiplyAdds } from '@bregman/core/graph';
import type { Config, EpochMetrics, ModelReport, Score, Summary } from '@bregman/core/train';
import { count, duration, oneLine, percent, short, table } from './text.js';

/** A configuration in a line: what is trained on what, and how. */
export function describeConfig(config: Config): string {
  const { data, task, model, optimizer, schedule, epochs, batchSize, seed } = config;
  const layers = nameOf(model);
  const parts = [
    `${layers} on ${data}${task ? ` (${task.kind})` : ''}`,
    describeSparsity(config),
    `learning rate ${short(optimizer.learningRate)} (${schedule.kind})`,
    `${epochs} epochs`,
    `batch ${batchSize}`,
    `seed ${seed}`,
  ];
  return oneLine(parts.join(', '));
}

/** The method, and what makes or keeps its weights sparse. */
function describeSparsity({ optimizer, lambdaPolicy, support }: Config): string {
  if (support)
    return `${optimizer.method} on a support (${support.kind}, ${percent(support.density)})`;
  const policy = lambdaPolicy.kind === 'fixed' ? '' : ` (${lambdaPolicy.kind})`;
  return `${optimizer.method} with ${optimizer.regularizer.kind}, λ ${short(optimizer.lambda)}${policy}`;
}

/** 97.10 % (loss 0.0951) */
export function describeScore({ loss, accuracy }: Score): string {
  return accuracy === undefined
    ? `loss ${short(loss)}`
    : `${percent(accuracy)} (loss ${short(loss)})`;
}

/** The end of an epoch in a line. */
export function describeMetrics({ epoch, train, validation, density }: EpochMetrics): string {
  const held = validation ? `, validation ${describeScore(validation)}` : '';
  const left = percent(density.total);
  return `epoch ${epoch}: train ${describeScore(train)}${held}, density ${left}`;
}

/** The end of a run in a line. */
export function describeSummary({
  test,
  density,
  multiplyAdds,
  epochs,
  seconds,
  peakMemoryBytes,
}: Summary): string {
  return [
    ...(test ? [`test ${describeScore(test)}`] : []),
    `density ${percent(density.total)}`,
    `multiply-adds of the dense network: inference ${shareOf(multiplyAdds.inference)}, ` +
      `training ${shareOf(multiplyAdds.training)}`,
    `${epochs} epochs in ${duration(seconds)}`,
    `${Math.round(peakMemoryBytes / 2 ** 20)} MiB`,
  ].join(', ');
}

function shareOf({ used, dense }: MultiplyAdds): string {
  return percent(used / dense);
}

/** What is left of each layer, and of all. */
export function layerTable({ layers, total }: ModelReport): string[] {
  const rows = layers.map((layer) => [
    oneLine(layer.name),
    layer.shape.join(' × '),
    count(layer.weights),
    count(layer.nonZeros),
    percent(layer.density),
    `${count(layer.activeRows)} of ${count(layer.shape[0])}`,
    `${count(layer.activeColumns)} of ${count(layer.shape[1])}`,
  ]);
  const sums = ['total', '', count(total.weights), count(total.nonZeros), percent(total.density)];
  return table(
    ['layer', 'shape', 'weights', 'non-zeros', 'density', 'active rows', 'active columns'],
    [...rows, [...sums, '', '']],
  );
}

function nameOf(model: Config['model']): string {
  if (model.kind === 'mlp') return `mlp ${model.hidden.join('-')}`;
  return model.kind === 'layers' ? 'own layers' : model.kind;
}
