/**
 * 3 × 3 convolutions at batch 128 in the shapes of ResNet-18, single weights and whole kernels kept:
 * forward, and forward with the gradients of input and support; PyTorch's dense layer beside them.
 */
import { Engine, type Program } from '#lib/engine/index.js';
import { type BreakEven, conv2d, type GradientScope } from '#lib/nn/index.js';
import { placeLayer } from './layer.js';
import { interleave, printTable, python, pytorchProgram, runPeer, type Work } from './lib.js';

const BATCH = 128;
const SHAPES = [
  { channels: 64, size: 32 },
  { channels: 128, size: 16 },
  { channels: 256, size: 8 },
  { channels: 512, size: 4 },
];
const DENSITIES = [1, 0.2, 0.1, 0.05, 0.02];
const byRows: BreakEven = { forward: 0, inputGradient: 0, weightGradient: 0 };
const byEntries: BreakEven = { forward: 2, inputGradient: 2, weightGradient: 2 };

interface Shape {
  readonly channels: number;
  readonly size: number;
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

function askPeer({ channels, size }: Shape): PyTorchConvolution | undefined {
  const sizes = [channels, size, BATCH].map(String);
  return runPeer(python, [pytorchProgram, 'conv', ...sizes, '--seconds', '2']);
}

async function benchShape(shape: Shape): Promise<void> {
  const peer = askPeer(shape);
  const rows = [];
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
      const rate = (count: number, ms: number) =>
        ((count * density * operations(shape)) / ms / 1e6).toFixed(0);
      const against = (theirs: number | undefined, ours: number) =>
        theirs === undefined ? '' : `${(theirs / ours).toFixed(1)}×`;
      rows.push([
        density === 1 ? 'all' : kept,
        ...[density, forward.toFixed(1), rate(1, forward), against(peer?.forward_ms, forward)],
        ...[both.toFixed(1), rate(3, both), against(peer?.forward_backward_ms, both)],
      ]);
    }
  }
  const after = askPeer(shape);
  console.log(`### ${shape.channels} channels, ${shape.size} × ${shape.size}, ${build} build\n`);
  printTable(
    [
      ...['kept', 'density', 'forward (ms)', 'GFLOP/s', 'PyTorch dense / ours'],
      ...['forward + backward (ms)', 'GFLOP/s', 'PyTorch dense / ours'],
    ],
    rows,
  );
  if (!peer || !after) return;
  const pair = (key: keyof PyTorchConvolution) => `${peer[key]} and ${after[key]}`;
  console.log(
    `PyTorch dense, before and after: forward ${pair('forward_ms')} ms, ` +
      `forward + backward ${pair('forward_backward_ms')} ms\n`,
  );
}

export async function benchConv(): Promise<void> {
  for (const shape of SHAPES) await benchShape(shape);
}
