export type * from './chart.js';
export { renderPng } from './png.js';
export { type RenderOptions, renderSvg } from './render.js';
