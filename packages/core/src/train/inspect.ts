import type { Tensor } from '../files/safetensors.js';
import { sizeOf } from '../math/index.js';

/** What is left of one weight tensor. */
export interface LayerReport {
  readonly name: string;
  readonly shape: readonly number[];
  readonly weights: number;
  readonly nonZeros: number;
  readonly density: number;
  /** Outputs (rows, filters) and inputs (columns, channels) with a non-zero weight. */
  readonly activeRows: number;
  readonly activeColumns: number;
}

/** What is left of a network. */
export interface ModelReport {
  readonly layers: readonly LayerReport[];
  readonly total: Pick<LayerReport, 'weights' | 'nonZeros' | 'density'>;
}

/** Counts the non-zero weights of a network, layer by layer; biases are not counted. */
export function inspect(tensors: ReadonlyMap<string, Tensor>): ModelReport {
  const layers = [...tensors]
    .filter(([, { shape, data }]) => shape.length >= 2 && data.length > 0)
    .map(([name, tensor]) => inspectLayer(name.replace(/\.weight$/, ''), tensor));
  const sum = (key: 'weights' | 'nonZeros') => layers.reduce((total, each) => total + each[key], 0);
  const weights = sum('weights');
  const nonZeros = sum('nonZeros');
  return { layers, total: { weights, nonZeros, density: share(nonZeros, weights) } };
}

function inspectLayer(name: string, { shape, data }: Tensor): LayerReport {
  const [rows, columns] = shape;
  const inner = sizeOf(shape.slice(2));
  const activeRows = new Uint8Array(rows);
  const activeColumns = new Uint8Array(columns);
  let nonZeros = 0;
  for (let i = 0; i < data.length; i++) {
    if (data[i] === 0) continue;
    const pair = Math.floor(i / inner);
    activeRows[Math.floor(pair / columns)] = 1;
    activeColumns[pair % columns] = 1;
    nonZeros++;
  }
  return {
    name,
    shape,
    weights: data.length,
    nonZeros,
    density: share(nonZeros, data.length),
    activeRows: ones(activeRows),
    activeColumns: ones(activeColumns),
  };
}

function ones(flags: Uint8Array): number {
  return flags.reduce((sum, flag) => sum + flag, 0);
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
