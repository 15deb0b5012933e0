/**
 * A step of ResNet-18 on images of CIFAR-10's size, batch 128: AdaBreg with kernel groups, over densities and
 * gradient policies, with its parts and the peak memory; PyTorch's dense step before and after. Draws
 * docs/resnet-step.svg.
 */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type Point, renderSvg } from '#bregman/plot/index.js';
import { callPerBlock, Engine, words } from '#core/engine/index.js';
import { resolve } from '#core/layers/index.js';
import { layoutOf } from '#core/lowering/planes.js';
import { sizeOf } from '#core/math/index.js';
import { resnet18 } from '#core/models/index.js';
import {
  type Cell,
  interleave,
  NARROW,
  parseAnswer,
  printTable,
  ratio,
  runProgram,
} from './lib.js';
import { LAYOUTS, type Layout, type PyTorch } from './pytorch.js';
import type { StepFigures } from './resnet-step.js';

const BATCH = 128;
const DENSITIES = [1, 0.2, 0.1, 0.05, 0.02];
const POLICIES = { all: 'exact', sampled: 'sampled', support: 'on the support' } as const;
type Scope = keyof typeof POLICIES;

/** Kernels by the part of a step that they belong to; the rest is small. */
const PARTS = {
  'forward and to the inputs': [
    'packConv',
    'convRows',
    'packWinograd',
    'convWinograd',
    'convEntries',
  ],
  'to the weights': [
    'convRowsWeightGradient',
    'winogradProducts',
    'foldWinograd',
    'convEntriesWeightGradient',
    'foldPartials',
  ],
  'batch norm': ['batchNormTraining', 'batchNormBackward'],
  optimizer: ['optimizerStep', 'countRows'],
  index: ['supportIndex', 'supportFill', 'supportTranspose'],
} as const;

interface PyTorchStep {
  readonly step_ms: number;
  readonly split_ms: Readonly<Record<string, number>>;
  readonly peak_mebibytes: number;
}

const stepProgram = fileURLToPath(new URL('./resnet-step.ts', import.meta.url));

function measure(density: number, scope: Scope): StepFigures {
  const width = process.argv.includes(NARROW) ? [NARROW] : [];
  const args = [...process.execArgv, stepProgram, String(density), scope, ...width];
  return parseAnswer<StepFigures>(runProgram(process.execPath, args));
}

/** A dense step of PyTorch in the better layout, and what it took in both. */
interface PeerStep extends PyTorchStep {
  readonly layout: Layout;
  /** Milliseconds. */
  readonly steps: Readonly<Record<Layout, number>>;
}

function askPeer(pyTorch: PyTorch, isHeldToAvx2 = false): PeerStep {
  const task = ['resnet', '--seconds', '12'];
  const [planes, last] = LAYOUTS.map((layout) => ({
    layout,
    ...pyTorch.time<PyTorchStep>(task, { layout, isHeldToAvx2 }),
  }));
  const better = last.step_ms < planes.step_ms ? last : planes;
  return { ...better, steps: { NCHW: planes.step_ms, channels_last: last.step_ms } };
}

interface Measured {
  readonly density: number;
  readonly scope: Scope;
  readonly figures: StepFigures;
}

function rowOf({ density, scope, figures }: Measured, peerMs?: number): Cell[] {
  const { step, kernels, copying, peakMemoryBytes } = figures;
  const parts = Object.values(PARTS).map((names) =>
    names.reduce((sum, name) => sum + (kernels[name] ?? 0), 0),
  );
  return [
    density,
    POLICIES[scope],
    step.toFixed(0),
    ratio(peerMs, step),
    ...parts.map((ms) => ms.toFixed(0)),
    ((kernels.loadBatch ?? 0) + copying).toFixed(1),
    (peakMemoryBytes / 1e6).toFixed(0),
  ];
}

/**
 * Bytes that a step moves however few weights there are: each activation is written, read by the next
 * layer and once more on the way back, its gradient written and read; θ, v and two moments are read and
 * written, the gradient of the weights read.
 */
function leastTraffic(): number {
  const layers = resolve(resnet18());
  const activations = layers.reduce((sum, { outputShape }) => sum + BATCH * sizeOf(outputShape), 0);
  const parameters = layers
    .flatMap((layer) => Object.values(layer.parameters))
    .reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  return 4 * (5 * activations + 9 * parameters);
}

/** Bytes a second that a kernel reads and writes in memory that no cache holds, two threads. */
async function bandwidth(): Promise<number> {
  const engine = await Engine.create({ threads: 2 });
  const blocks = 32;
  const { record, block } = layoutOf([64, 32, 32]);
  const plan = (name: string) => words(name, blocks * block * 16);
  const source = plan('source');
  const target = plan('target');
  const program = engine.load([
    callPerBlock('copyPlanes', {
      from: record,
      to: record,
      source,
      target,
      firstFrom: 0,
      firstTo: 0,
      channels: 64,
      accumulate: 0,
    }),
  ]);
  const [ms] = interleave([{ name: 'copy', run: () => engine.run(program, blocks) }]);
  engine.close();
  return (2000 * source.bytes) / ms;
}

async function draw(measured: readonly Measured[], floor: number, peer?: [string, number]) {
  const series = Object.entries(POLICIES).map(([scope, name]) => ({
    name,
    points: measured
      .filter((each) => each.scope === scope || each.density === 1)
      .map(({ density, figures }) => ({ x: density, y: figures.step })),
  }));
  const level = (name: string, y: number) => {
    const points: Point[] = DENSITIES.map((x) => ({ x, y }));
    return { name, points, isReference: true };
  };
  const svg = await renderSvg(
    {
      kind: 'lines',
      x: { label: 'density of the convolutions', scale: 'log', percent: true },
      y: { label: 'milliseconds a step', scale: 'log' },
      series: [
        ...series,
        ...(peer ? [level(`${peer[0]}, dense`, peer[1])] : []),
        level('memory traffic alone', floor),
      ],
    },
    { title: 'A step of ResNet-18, batch 128, two threads' },
  );
  await writeFile(new URL('../docs/resnet-step.svg', import.meta.url), svg);
}

export async function benchResnet(pyTorch: PyTorch | undefined): Promise<void> {
  const before = pyTorch && askPeer(pyTorch);
  const measured: Measured[] = [];
  for (const density of DENSITIES) {
    for (const scope of ['all', 'sampled', 'support'] as const) {
      // Of a dense network all weights are the support.
      if (density === 1 && scope !== 'all') continue;
      measured.push({ density, scope, figures: measure(density, scope) });
    }
  }
  const after = pyTorch && askPeer(pyTorch);
  const peerMs = before && after && (before.step_ms + after.step_ms) / 2;
  const floor = (1000 * leastTraffic()) / (await bandwidth());
  console.log('### A step of ResNet-18, batch 128, two threads\n');
  printTable(
    [
      'density',
      'gradients',
      'step (ms)',
      `${pyTorch?.name} dense / ours`,
      ...[...Object.keys(PARTS), 'data'].map((part) => `${part} (ms)`),
      'peak memory (MB)',
    ],
    measured.map((each) => rowOf(each, peerMs)),
  );
  console.log(
    `At least ${(leastTraffic() / 1e9).toFixed(1)} GB pass through memory in a step: ${floor.toFixed(0)} ms\n`,
  );
  await draw(measured, floor, pyTorch && peerMs ? [pyTorch.name, peerMs] : undefined);
  if (!pyTorch || !before || !after) return;
  for (const layout of LAYOUTS) {
    const [first, second] = [before, after].map(({ steps }) => steps[layout]);
    console.log(
      `${pyTorch.name} dense with AdaBreg, ${layout}, before and after: ${first} and ${second} ms\n`,
    );
  }
  console.log(
    `${after.layout}: ${JSON.stringify(after.split_ms)} ms, ${after.peak_mebibytes} MiB\n`,
  );
  if (!pyTorch.isWiderThanAvx2) return;
  console.log(`held to AVX2: ${askPeer(pyTorch, true).step_ms} ms\n`);
}
