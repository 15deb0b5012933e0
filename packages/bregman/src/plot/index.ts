export type * from './chart.js';
export { type MetricName, metricNames } from './metric-names.js';
export { figuresOfRuns } from './metrics.js';
export { renderPng } from './png.js';
export { type RenderOptions, renderSvg } from './render.js';
export { type PlottedRun, readRuns } from './runs.js';
