/**
 * One linear layer, dense and sparse, at batch 128: forward, forward with full backward, and the
 * gradient of all weights, on one and two threads; PyTorch's dense layer beside it.
 */
import { type Call, Engine, type Program } from '#core/engine/index.js';
import type { GradientScope } from '#core/graph/index.js';
import { linear } from '#core/layers/index.js';
import type { BreakEven } from '#core/lowering/support.js';
import { type LayerBench, placeLayer } from './layer.js';
import { interleave, printTable, type Work } from './lib.js';
import type { PyTorch } from './pytorch.js';

const BATCH = 128;
const SIZES = [256, 1024, 4096];
/** Outputs and inputs. */
const LIT_SIZES = [
  [100, 100],
  [100, 784],
  [200, 784],
  [1024, 1024],
] as const;
const DENSITIES = [1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01];

const byRows: BreakEven = { forward: 0, inputGradient: 0, weightGradient: 0 };
const byEntries: BreakEven = { forward: 2, inputGradient: 2, weightGradient: 2 };

/** A square layer in an engine's memory, with programs for its passes. */
class Layer {
  readonly #engine: Engine;
  readonly #bench: LayerBench;

  constructor(engine: Engine, size: number, density: number, breakEven: BreakEven) {
    this.#engine = engine;
    this.#bench = placeLayer(engine, linear(size), [size], BATCH, density, breakEven);
  }

  forward(): Work {
    return this.#work('forward', this.#bench.placed.forward('training'));
  }

  both(scope: GradientScope): Work {
    const { placed } = this.#bench;
    return this.#work('both', [...placed.forward('training'), ...placed.backward(scope)]);
  }

  /** The passes one by one, for the break-even. */
  passes(): Work[] {
    const calls = this.#bench.placed.backward('support');
    return [
      this.forward(),
      this.#work('input gradient', calls.slice(-2)),
      this.#work('weight gradient', calls.slice(0, 2)),
    ];
  }

  #work(name: string, program: Program): Work {
    const loaded = this.#engine.load(program);
    return { name, run: () => this.#engine.run(loaded, BATCH / 16) };
  }
}

function gflops(size: number, density: number, passes: number, ms: number): string {
  return ((2 * passes * density * size * size * BATCH) / ms / 1e6).toFixed(0);
}

interface PyTorchLinear {
  readonly forward_ms: number;
  readonly forward_backward_ms: number;
}

async function benchSize(size: number, pyTorch: PyTorch | undefined): Promise<void> {
  const one = await Engine.create({ threads: 1 });
  const two = await Engine.create({ threads: 2 });
  const dense = [one, two].map((engine) => new Layer(engine, size, 1, byRows));
  const rows = [];
  for (const density of DENSITIES) {
    const breakEven = density === 1 ? byRows : byEntries;
    const layers = [one, two].map((engine) => new Layer(engine, size, density, breakEven));
    const works = [...layers, dense[1]].flatMap((layer) => [
      layer.forward(),
      layer.both('support'),
    ]);
    const [forward1, both1, forward2, both2, denseForward, denseBoth] = interleave(works);
    rows.push([
      density,
      forward1.toFixed(3),
      forward2.toFixed(3),
      gflops(size, density, 1, forward2),
      `${(denseForward / forward2).toFixed(1)}×`,
      both1.toFixed(3),
      both2.toFixed(3),
      gflops(size, density, 3, both2),
      `${(denseBoth / both2).toFixed(1)}×`,
    ]);
  }
  console.log(`### Linear ${size} × ${size}, batch ${BATCH}, ${two.build} build\n`);
  printTable(
    [
      'density',
      'forward, 1 thread (ms)',
      '2 threads (ms)',
      'GFLOP/s',
      'vs our dense',
      '+ backward on the support, 1 thread (ms)',
      '2 threads (ms)',
      'GFLOP/s',
      'vs our dense',
    ],
    rows,
  );
  if (pyTorch) benchPeer(size, dense[1], pyTorch);
  one.close();
  two.close();
}

/** PyTorch before and after our own dense layer: the middle of both is its figure. */
function benchPeer(size: number, dense: Layer, pyTorch: PyTorch): void {
  const task = ['linear', `${size}`, `${BATCH}`, '--seconds', '2'];
  const before = pyTorch.time<PyTorchLinear>(task);
  const [forward, both] = interleave([dense.forward(), dense.both('all')]);
  const after = pyTorch.time<PyTorchLinear>(task);
  const peerForward = (before.forward_ms + after.forward_ms) / 2;
  const peerBoth = (before.forward_backward_ms + after.forward_backward_ms) / 2;
  printTable(
    ['dense, 2 threads', 'forward (ms)', 'forward + backward (ms)'],
    [
      ['ours', forward.toFixed(2), both.toFixed(2)],
      [pyTorch.name, peerForward.toFixed(2), peerBoth.toFixed(2)],
      [
        'ours at a speed of',
        `${(peerForward / forward).toFixed(2)} of that`,
        `${(peerBoth / both).toFixed(2)} of that`,
      ],
    ],
  );
}

/** Where the kernels over entries stop being faster than those over rows: `defaultBreakEven`. */
async function benchBreakEven(): Promise<void> {
  const engine = await Engine.create({ threads: 2 });
  const dense = new Layer(engine, 1024, 1, byRows).passes();
  const rows = [0.2, 0.3, 0.4, 0.5, 0.6, 0.7].map((density) => {
    const sparse = new Layer(engine, 1024, density, byEntries).passes();
    const times = interleave([...dense, ...sparse]);
    return [density, ...[0, 1, 2].map((pass) => (times[pass + 3] / times[pass]).toFixed(2))];
  });
  console.log('### Time by entries / time by rows, 1024 × 1024\n');
  printTable(['density', 'forward', 'input gradient', 'weight gradient'], rows);
  engine.close();
}

/** Where the gradient of all weights from lit samples, found and listed, stops being faster than by rows. */
async function benchLit(): Promise<void> {
  const engine = await Engine.create({ threads: 2 });
  const shares = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1];
  const rows = LIT_SIZES.map(([outputs, inputs]) => {
    const ratios = shares.map((share) => {
      const layer = linear(outputs);
      const { placed } = placeLayer(engine, layer, [inputs], BATCH, 0, byEntries, 1, share);
      const calls = placed.backward('all');
      const works = [
        ['listLit', 'packStrips', 'weighLit', 'litWeightGradient'],
        ['linearWeightGradient'],
      ].map((kernels) => {
        const program = engine.load(callsOf(calls, kernels));
        return { name: kernels[0], run: () => engine.run(program, BATCH / 16) };
      });
      const [lit, dense] = interleave(works);
      return (lit / dense).toFixed(2);
    });
    return [`${outputs} × ${inputs}`, ...ratios];
  });
  console.log('### Gradient of all weights: time from lit samples / time by rows\n');
  printTable(['share lit', ...shares.map(String)], rows);
  engine.close();
}

/** The calls of some kernels alone, whatever the density, side by side where they were. */
function callsOf(calls: readonly Call[], kernels: readonly string[]): Call[] {
  const kept: Call[] = [];
  let overlaps = false;
  for (const { when, ...each } of calls) {
    overlaps &&= each.overlaps === true;
    if (!kernels.includes(each.kernel)) continue;
    kept.push({ ...each, overlaps } as Call);
    overlaps = true;
  }
  return kept;
}

export async function benchLinear(pyTorch: PyTorch | undefined): Promise<void> {
  for (const size of SIZES) await benchSize(size, pyTorch);
  await benchBreakEven();
  await benchLit();
}
