/**
 * 3 × 3 convolutions at batch 128 in the shapes of ResNet-18, single weights and whole kernels kept:
 * forward, and forward with the gradients of input and support; PyTorch's dense layer beside them.
 */
import { Engine, type Program } from '#lib/engine/index.js';
import { type BreakEven, conv2d, type GradientScope } from '#lib/nn/index.js';
import { placeLayer } from './layer.js';
import { avx2, interleave, printTable, python, pytorchProgram, runPeer, type Work } from './lib.js';

const BATCH = 128;
/**
 * With what SparseProp (C++, AVX2, OpenMP; its better variant) took at 95 % sparsity, forward and with
 * backward, in milliseconds on two cores of a Zen 3 machine: it is no npm or Debian package to run beside.
 */
const SHAPES = [
  { channels: 64, size: 32, sparseProp: [63, 137] },
  { channels: 128, size: 16, sparseProp: [70, 136] },
  { channels: 256, size: 8, sparseProp: [35, 70] },
  { channels: 512, size: 4, sparseProp: [28, 64] },
] as const;
const DENSITIES = [1, 0.2, 0.1, 0.05, 0.02];
const byRows: BreakEven = { forward: 0, inputGradient: 0, weightGradient: 0 };
const byEntries: BreakEven = { forward: 2, inputGradient: 2, weightGradient: 2 };

type Shape = (typeof SHAPES)[number];

/** How many times as fast as a peer ours is at 5 %, forward and backward. */
interface Ratios {
  readonly pyTorch: number;
  readonly pyTorchAvx2: number;
  readonly sparseProp: number;
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

function askPeer({ channels, size }: Shape, environment = {}): PyTorchConvolution | undefined {
  const sizes = [channels, size, BATCH].map(String);
  return runPeer(python, [pytorchProgram, 'conv', ...sizes, '--seconds', '2'], environment);
}

/** PyTorch as it is, and held to AVX2. */
const askPeers = (shape: Shape) => ({ pyTorch: askPeer(shape), pyTorchAvx2: askPeer(shape, avx2) });

/** Returns the ratios at 5 %, by what is kept. */
async function benchShape(shape: Shape): Promise<Map<string, Ratios>> {
  const before = askPeers(shape);
  const measured = [];
  let build = '';
  for (const [kept, group] of [
    ['weights', 1],
    ['kernels', 9],
  ] as const) {
    for (const density of DENSITIES) {
      if (density === 1 && group > 1) continue;
      const engine = await Engine.create({ threads: 2 });
      build = engine.build;
      const [forward, both] = interleave(passes(engine, shape, density, group), 5);
      engine.close();
      measured.push({ kept: density === 1 ? 'all' : kept, density, forward, both });
    }
  }
  const after = askPeers(shape);
  const meanOfPeer = (peer: keyof typeof before) => ({
    forward: meanOf(before[peer]?.forward_ms, after[peer]?.forward_ms),
    both: meanOf(before[peer]?.forward_backward_ms, after[peer]?.forward_backward_ms),
  });
  const peers = meanOfPeer('pyTorch');
  console.log(`### ${shape.channels} channels, ${shape.size} × ${shape.size}, ${build} build\n`);
  const rate = (share: number, ms: number) => ((share * operations(shape)) / ms / 1e6).toFixed(0);
  const times = (ratio: number) => (Number.isNaN(ratio) ? '' : `${ratio.toFixed(1)}×`);
  printTable(
    [
      ...['kept', 'density', 'forward (ms)', 'GFLOP/s', 'as if dense', 'PyTorch dense / ours'],
      ...['forward + backward (ms)', 'GFLOP/s', 'as if dense', 'PyTorch dense / ours'],
    ],
    measured.map(({ kept, density, forward, both }) => [
      ...[kept, density, forward.toFixed(1)],
      ...[rate(density, forward), rate(1, forward), times(peers.forward / forward)],
      ...[both.toFixed(1), rate(3 * density, both), rate(3, both), times(peers.both / both)],
    ]),
  );
  for (const [name, peer] of [
    ['PyTorch dense', 'pyTorch'],
    ['held to AVX2', 'pyTorchAvx2'],
  ] as const) {
    const [first, last] = [before[peer], after[peer]];
    if (!first || !last) continue;
    console.log(
      `${name}, before and after: forward ${first.forward_ms} and ${last.forward_ms} ms, ` +
        `forward + backward ${first.forward_backward_ms} and ${last.forward_backward_ms} ms\n`,
    );
  }
  const atFive = measured.filter(({ density }) => density === 0.05);
  return new Map(
    atFive.map(({ kept, both }) => [
      kept,
      {
        pyTorch: peers.both / both,
        pyTorchAvx2: meanOfPeer('pyTorchAvx2').both / both,
        sparseProp: shape.sparseProp[1] / both,
      },
    ]),
  );
}

/** NaN where the peer is not installed. */
function meanOf(before = Number.NaN, after = Number.NaN): number {
  return (before + after) / 2;
}

export async function benchConv(): Promise<void> {
  const ratios: Map<string, Ratios>[] = [];
  for (const shape of SHAPES) ratios.push(await benchShape(shape));
  console.log('### At 5 %, forward + backward, times as fast as the peers\n');
  const peers = [
    ['pyTorch', 'PyTorch dense'],
    ['pyTorchAvx2', 'PyTorch dense, held to AVX2'],
    ['sparseProp', 'SparseProp’s figures'],
  ] as const;
  const rows = ['weights', 'kernels'].flatMap((kept) =>
    peers.map(([peer, name]) => {
      const values = ratios.map((each) => each.get(kept)![peer]);
      const mean = Math.exp(values.reduce((sum, x) => sum + Math.log(x), 0) / values.length);
      return [kept, name, ...[...values, mean].map((x) => `${x.toFixed(1)}×`)];
    }),
  );
  const shapes = SHAPES.map(({ channels, size }) => `${channels} × ${size}²`);
  printTable(['kept', 'peer', ...shapes, 'geometric mean'], rows);
}
