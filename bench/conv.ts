/**
 * 3 × 3 convolutions at batch 128 in the shapes of ResNet-18, single weights and whole kernels kept:
 * forward, and forward with the gradients of input and support. They and PyTorch's dense layer take turns, and
 * every figure is the median of the rounds, so that the machine's mood hits all alike.
 */
import { Engine, type Program } from '#core/engine/index.js';
import type { GradientScope } from '#core/graph/index.js';
import { conv2d } from '#core/layers/index.js';
import type { BreakEven } from '#core/lowering/support.js';
import { placeLayer } from './layer.js';
import { interleave, median, printTable, ratio, type Work } from './lib.js';
import { LAYOUTS, type Layout, type PyTorch } from './pytorch.js';

const BATCH = 128;
const ROUNDS = 3;
/** Of each configuration in a round: about a second at a density of 5 %, the first ones not counted. */
const WARM_UP = 10;
const TURNS = 15;
/**
 * With what SparseProp (C++, AVX2, OpenMP; its better variant) took at 95 % sparsity, forward and with
 * backward, in milliseconds on two cores of a Zen 3 machine: it is no npm or Debian package to run beside.
 */
export const SHAPES = [
  { channels: 64, size: 32, sparseProp: [63, 137] },
  { channels: 128, size: 16, sparseProp: [70, 136] },
  { channels: 256, size: 8, sparseProp: [35, 70] },
  { channels: 512, size: 4, sparseProp: [28, 64] },
] as const;
const DENSITIES = [0.2, 0.1, 0.05, 0.02];
const byRows: BreakEven = { forward: 0, inputGradient: 0, weightGradient: 0 };
const byEntries: BreakEven = { forward: 2, inputGradient: 2, weightGradient: 2 };

type Shape = (typeof SHAPES)[number];

/** How many times as fast as a peer, where there is one, ours is at 5 %, forward and backward. */
interface Ratios {
  readonly pyTorch?: number;
  readonly pyTorchAvx2?: number;
  readonly sparseProp: number;
}

/** Milliseconds forward, and forward with backward. */
interface Times {
  readonly forward: number;
  readonly both: number;
}

interface PyTorchConvolution {
  readonly forward_ms: number;
  readonly forward_backward_ms: number;
}

/** Multiply-adds of one dense pass, twice. */
function operations({ channels, size }: Shape): number {
  return 2 * 9 * channels * channels * size * size * BATCH;
}

/** Forward, and forward with backward. */
function passes(engine: Engine, { channels, size }: Shape, density: number, group: number): Work[] {
  const layer = conv2d(channels, 3, { padding: 1, bias: false });
  const input = [channels, size, size];
  const breakEven = density === 1 ? byRows : byEntries;
  const scope: GradientScope = density === 1 ? 'all' : 'support';
  const { placed } = placeLayer(engine, layer, input, BATCH, density, breakEven, group);
  const work = (name: string, program: Program) => {
    const loaded = engine.load(program);
    return { name, run: () => engine.run(loaded, BATCH / 16) };
  };
  const forward = placed.forward('training');
  return [work('forward', forward), work('both', [...forward, ...placed.backward(scope)])];
}

/** PyTorch's times, round by round, in each layout. */
type PeerTimes = Readonly<Record<Layout, Times[]>>;

/** Asks PyTorch once more, in both layouts. */
function askPeer(
  pyTorch: PyTorch,
  { channels, size }: Shape,
  isHeldToAvx2: boolean,
  times: PeerTimes,
): void {
  const task = ['conv', `${channels}`, `${size}`, `${BATCH}`, '--seconds', '2'];
  for (const layout of LAYOUTS) {
    const figures = pyTorch.time<PyTorchConvolution>(task, { layout, isHeldToAvx2 });
    times[layout].push({ forward: figures.forward_ms, both: figures.forward_backward_ms });
  }
}

/** The median of the better layout, for each pass; undefined where nobody was asked. */
function bestOf(times: PeerTimes): Times | undefined {
  const layouts = Object.values(times).filter(({ length }) => length > 0);
  if (layouts.length === 0) return undefined;
  const medians = layouts.map(medianTimes);
  return {
    forward: Math.min(...medians.map(({ forward }) => forward)),
    both: Math.min(...medians.map(({ both }) => both)),
  };
}

function printPeer(name: string, times: PeerTimes): void {
  for (const layout of LAYOUTS) {
    if (times[layout].length === 0) continue;
    const list = (pass: keyof Times) =>
      times[layout].map((each) => each[pass].toFixed(0)).join(', ');
    const figures = `forward ${list('forward')} ms, forward + backward ${list('both')} ms`;
    console.log(`${name}, ${layout}: ${figures}\n`);
  }
}

/** What is kept of a layer, and how much. */
export interface Configuration {
  readonly kept: 'all' | 'weights' | 'kernels';
  readonly density: number;
  readonly group: number;
}

const CONFIGURATIONS: readonly Configuration[] = [
  { kept: 'all', density: 1, group: 1 },
  ...DENSITIES.map((density): Configuration => ({ kept: 'weights', density, group: 1 })),
  ...DENSITIES.map((density): Configuration => ({ kept: 'kernels', density, group: 9 })),
];

/** Times one configuration on two threads, in an engine of its own. */
export async function timeOurs(shape: Shape, { density, group }: Configuration): Promise<Times> {
  const engine = await Engine.create({ threads: 2 });
  const works = passes(engine, shape, density, group);
  // Code that is new runs slower, until it has been compiled once more.
  for (let i = 0; i < WARM_UP; i++) for (const { run } of works) run();
  const [forward, both] = interleave(works, TURNS);
  engine.close();
  return { forward, both };
}

const medianTimes = (rounds: readonly Times[]): Times => ({
  forward: median(rounds.map(({ forward }) => forward)),
  both: median(rounds.map(({ both }) => both)),
});

/** Returns the ratios at 5 %, by what is kept. */
async function benchShape(
  shape: Shape,
  pyTorch: PyTorch | undefined,
): Promise<Map<string, Ratios>> {
  const rounds = CONFIGURATIONS.map((): Times[] => []);
  const peer: PeerTimes = { NCHW: [], channels_last: [] };
  const narrowPeer: PeerTimes = { NCHW: [], channels_last: [] };
  for (let round = 0; round < ROUNDS; round++) {
    if (pyTorch) askPeer(pyTorch, shape, false, peer);
    if (pyTorch?.isWiderThanAvx2) askPeer(pyTorch, shape, true, narrowPeer);
    for (const [index, configuration] of CONFIGURATIONS.entries()) {
      rounds[index].push(await timeOurs(shape, configuration));
    }
  }
  const measured = CONFIGURATIONS.map((configuration, index) => ({
    ...configuration,
    ...medianTimes(rounds[index]),
  }));
  const peerTimes = bestOf(peer);
  const narrowTimes = bestOf(narrowPeer);
  console.log(`### ${shape.channels} channels, ${shape.size} × ${shape.size}\n`);
  const rate = (share: number, ms: number) => ((share * operations(shape)) / ms / 1e6).toFixed(0);
  const peerColumn = `${pyTorch?.name} dense / ours`;
  printTable(
    [
      'kept',
      'density',
      'forward (ms)',
      'GFLOP/s',
      'as if dense',
      peerColumn,
      'forward + backward (ms)',
      'GFLOP/s',
      'as if dense',
      peerColumn,
    ],
    measured.map(({ kept, density, forward, both }) => [
      kept,
      density,
      forward.toFixed(1),
      rate(density, forward),
      rate(1, forward),
      ratio(peerTimes?.forward, forward),
      both.toFixed(1),
      rate(3 * density, both),
      rate(3, both),
      ratio(peerTimes?.both, both),
    ]),
  );
  printPeer(`${pyTorch?.name} dense`, peer);
  printPeer('held to AVX2', narrowPeer);
  const atFive = measured.filter(({ density }) => density === 0.05);
  return new Map(
    atFive.map(({ kept, both }) => [
      kept,
      {
        ...(peerTimes && { pyTorch: peerTimes.both / both }),
        ...(narrowTimes && { pyTorchAvx2: narrowTimes.both / both }),
        sparseProp: shape.sparseProp[1] / both,
      },
    ]),
  );
}

export async function benchConv(pyTorch: PyTorch | undefined): Promise<void> {
  const ratios: Map<string, Ratios>[] = [];
  for (const shape of SHAPES) ratios.push(await benchShape(shape, pyTorch));
  console.log('### At 5 %, forward + backward, times as fast as the peers\n');
  const peers = [
    ['pyTorch', `${pyTorch?.name} dense`],
    ['pyTorchAvx2', `${pyTorch?.name} dense, held to AVX2`],
    ['sparseProp', 'SparseProp’s figures'],
  ] as const;
  const rows = ['weights', 'kernels'].flatMap((kept) =>
    peers.flatMap(([peer, name]) => {
      const values = ratios.flatMap((each) => each.get(kept)?.[peer] ?? []);
      if (values.length === 0) return [];
      const mean = Math.exp(values.reduce((sum, x) => sum + Math.log(x), 0) / values.length);
      return [[kept, name, ...[...values, mean].map((x) => `${x.toFixed(1)}×`)]];
    }),
  );
  const shapes = SHAPES.map(({ channels, size }) => `${channels} × ${size}²`);
  printTable(['kept', 'peer', ...shapes, 'geometric mean'], rows);
}
