import { readFileSync } from 'node:fs';
import type { RegularizerSpec } from '#lib/math/index.js';
import type { MethodName } from '#lib/optim/index.js';

/** Trajectories of the PyTorch reference implementation in float32. */
interface Trajectory {
  optimizer: MethodName;
  reg: keyof typeof specs;
  shape: number[];
  delta: number;
  lr: number;
  momentum?: number;
  lambda: number;
  theta0: number[];
  grads: number[][];
  thetas: number[][];
  subgradients: (number[] | null)[];
  regularizerValues: number[];
}

/** The regularizers by the fixture's names. */
export const specs = {
  none: { kind: 'none' },
  l1: { kind: 'l1' },
  'l1-nonneg': { kind: 'nonnegative-l1' },
  'group-row': { kind: 'group', by: 'rows' },
  'group-kernel': { kind: 'group', by: 'kernels' },
} satisfies Record<string, RegularizerSpec>;

const fixture = new URL('../fixtures/optimizers.json', import.meta.url);
export const { cases } = JSON.parse(readFileSync(fixture, 'utf8')) as { cases: Trajectory[] };
