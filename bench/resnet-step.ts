/**
 * One configuration of bench/resnet.ts in a process of its own, for its peak memory is the process's: prints
 * a JSON line.
 */

import { WasmBackend, type WasmNetwork } from '#core/backend/index.js';
import { Engine } from '#core/engine/index.js';
import type { GradientScope } from '#core/graph/index.js';
import type { PlacedParameter } from '#core/lowering/parameter.js';
import { group, none, stream } from '#core/math/index.js';
import { resnet18 } from '#core/models/index.js';
import { initialize } from '#core/train/initialize.js';
import { Optimizer } from '#core/train/optimizer.js';
import { measureKernels } from './kernel-times.js';
import { median, widen } from './lib.js';

export interface StepFigures {
  /** Of whole steps: milliseconds. */
  readonly step: number;
  /** By kernel: milliseconds a step, measured call by call. */
  readonly kernels: Readonly<Record<string, number>>;
  /** What JavaScript does to load a batch: milliseconds. */
  readonly copying: number;
  /** Of the process. */
  readonly peakMemoryBytes: number;
  /** Of single weights in the convolutions, at the end. */
  readonly density: number;
}

const BATCH = 128;
const CLASSES = 10;
/** Code that is new runs slower, until it has been compiled once more. */
const WARM_UP_MS = 3_000;
const MEASURED_MS = 8_000;
const KERNELS_MS = 3_000;
/** Steps that are taken however long they last. */
const LEAST_STEPS = 3;

const isConvolution = ({ shape }: Pick<PlacedParameter, 'shape'>) => shape.length === 4;

function start(engine: Engine, density: number): { network: WasmNetwork; optimizer: Optimizer } {
  const network = new WasmBackend(engine).compile(resnet18(), {
    batchSize: BATCH,
    inputType: 'bytes',
  });
  initialize(network, 0, (parameter) =>
    isConvolution(parameter)
      ? { density, by: 'kernels', gain: 5, bias: [0, 0] }
      : { density: 1, by: 'entries', gain: 1, bias: [0, 0] },
  );
  const weights = network.parameters.filter(isConvolution);
  const rest = network.parameters.filter((each) => !isConvolution(each));
  // So slow that the density stays where it is.
  const common = { method: 'adabreg', learningRate: 1e-7 } as const;
  const optimizer = new Optimizer(network, [
    {
      ...common,
      lambda: density === 1 ? 0 : 0.1,
      parameters: weights,
      regularizer: group('kernels'),
    },
    { ...common, parameters: rest, regularizer: none() },
  ]);
  optimizer.start();
  return { network, optimizer };
}

function repeat<Result>(work: () => Result, milliseconds: number): Result[] {
  const results: Result[] = [];
  const end = performance.now() + milliseconds;
  while (performance.now() < end || results.length < LEAST_STEPS) results.push(work());
  return results;
}

async function measure(density: number, scope: GradientScope): Promise<StepFigures> {
  const random = stream(0, 'bench');
  const images = Uint8Array.from({ length: BATCH * 3072 }, () => random.below(256));
  const labels = Uint8Array.from({ length: BATCH }, () => random.below(CLASSES));
  const order = Int32Array.from({ length: BATCH }, (_, i) => i);
  const run = (engine: Engine, milliseconds: number) => {
    const { network, optimizer } = start(engine, density);
    const step = () => {
      const started = performance.now();
      network.loadInputs(images, order, 0, BATCH);
      network.loadLabels(labels, order, 0);
      const copying = performance.now() - started;
      const { loss } = network.differentiate(scope, 0);
      if (!Number.isFinite(loss)) throw new Error(`the loss is ${loss}`);
      optimizer.step({ onSupport: scope === 'support' });
      return { step: performance.now() - started, copying };
    };
    repeat(step, WARM_UP_MS);
    kernels?.clear();
    const times = repeat(step, milliseconds);
    const [weights] = optimizer.groups;
    return {
      step: median(times.map(({ step }) => step)),
      copying: median(times.map(({ copying }) => copying)),
      density: optimizer.view(weights).density,
      steps: times.length,
    };
  };
  let kernels: Map<string, number> | undefined;
  const engine = await Engine.create({ threads: 2 });
  const { steps: _, ...whole } = run(engine, MEASURED_MS);
  engine.close();
  const peakMemoryBytes = process.resourceUsage().maxRSS * 1024;
  const second = await Engine.create({ threads: 2 });
  kernels = measureKernels(second);
  const { steps } = run(second, KERNELS_MS);
  second.close();
  const perStep = Array.from(kernels, ([kernel, ms]) => [kernel, ms / steps] as const);
  return { ...whole, kernels: Object.fromEntries(perStep), peakMemoryBytes };
}

await widen();
const [density, scope] = process.argv.slice(2);
console.log(JSON.stringify(await measure(Number(density), scope as GradientScope)));
