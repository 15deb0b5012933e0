/** What can be drawn of runs, in the order of a page of them all. */
export const metricNames = [
  'accuracy',
  'loss',
  'density',
  'layers',
  'regularizer',
  'lambda',
  'learning-rate',
  'seconds',
  'weights',
] as const;

/** One of them. */
export type MetricName = (typeof metricNames)[number];
