/**
 * An epoch of the preset mnist-mlp (57,000 images, batch 128) beside PyTorch's arithmetic for the
 * same, with its data in memory, and TensorFlow.js. They take turns. Where OPENBLAS_PTHREAD names the folder of
 * that flavour's libblas.so.3, PyTorch has a turn with it, too.
 */
import { loadDataset } from '#bregman/data/index.js';
import { WasmBackend } from '#core/backend/index.js';
import type { Dataset } from '#core/data/index.js';
import { Engine } from '#core/engine/index.js';
import {
  buildTrainer,
  type Config,
  presets,
  resolveConfig,
  type Trainer,
} from '#core/train/index.js';
import { measureKernels } from './kernel-times.js';
import { median, parseAnswer, printTable, ratio, runProgram } from './lib.js';
import type { PyTorch } from './pytorch.js';

const ROUNDS = 5;
const STEPS = Math.ceil(57_000 / 128);

interface PyTorchStep {
  readonly step_ms: number;
  readonly epoch_s: number;
}

interface TensorFlowSteps {
  /** How to install what is missing. */
  readonly install?: string;
  readonly wasm?: { readonly epochSeconds: number };
  readonly cpu?: { readonly epochSeconds: number };
}

async function trainEpoch(trainer: Trainer): Promise<number> {
  const start = performance.now();
  while (!trainer.isEpochDone) trainer.step();
  const seconds = (performance.now() - start) / 1000;
  await trainer.endEpoch();
  return seconds;
}

export async function benchMlp(pyTorch: PyTorch | undefined): Promise<void> {
  const data = await loadDataset('mnist');
  const config = resolveConfig(presets['mnist-mlp'].config);
  const engines = [await Engine.create({ threads: 1 }), await Engine.create({ threads: 2 })];
  const trainers = await Promise.all(
    engines.map((engine) => buildTrainer(new WasmBackend(engine), config, data)),
  );
  for (const trainer of trainers) await trainEpoch(trainer);
  const ours: number[][] = [[], []];
  const pytorch: number[] = [];
  const withPthread: number[] = [];
  const pthread = process.env.OPENBLAS_PTHREAD;
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, trainer] of trainers.entries()) ours[index].push(await trainEpoch(trainer));
    const task = ['mlp-step', '--seconds', '2'];
    if (pyTorch) pytorch.push(pyTorch.time<PyTorchStep>(task).epoch_s);
    if (pyTorch && pthread) {
      const environment = { LD_LIBRARY_PATH: pthread };
      withPthread.push(pyTorch.time<PyTorchStep>(task, { environment }).epoch_s);
    }
  }
  for (const engine of engines) engine.close();
  const program = new URL('./peers/tfjs.ts', import.meta.url).pathname;
  const tensorflow = parseAnswer<TensorFlowSteps>(
    runProgram(process.execPath, ['--import', 'tsx', program]),
  );
  const best = median(ours[1]);
  const row = (name: string, times: readonly (number | undefined)[]) => {
    const known = times.filter((seconds) => seconds !== undefined);
    if (known.length === 0) return [];
    const seconds = median(known);
    return [
      [name, seconds.toFixed(2), ((1000 * seconds) / STEPS).toFixed(2), ratio(seconds, best)],
    ];
  };
  console.log(`### Epoch of mnist-mlp: 57,000 images, batch 128, ${engines[1].build} build\n`);
  printTable(
    ['program', 'seconds', 'a step (ms)', 'times ours'],
    [
      ...row('bregman, 2 threads', ours[1]),
      ...row('bregman, 1 thread', ours[0]),
      ...row(`${pyTorch?.name}, 2 threads, LinBreg as in the reference`, pytorch),
      ...row('the same with the pthread flavour of OpenBLAS', withPthread),
      ...row('TensorFlow.js wasm, SGD', [tensorflow.wasm?.epochSeconds]),
      ...row('TensorFlow.js cpu, SGD', [tensorflow.cpu?.epochSeconds]),
    ],
  );
  if (tensorflow.install) console.log(`No TensorFlow.js beside ours: ${tensorflow.install}\n`);
  await benchKernels(config, data);
}

/** The kernels that take a hundredth of a step or more, call by call, two threads. */
async function benchKernels(config: Config, data: Dataset): Promise<void> {
  const engine = await Engine.create({ threads: 2 });
  const times = measureKernels(engine);
  const trainer = await buildTrainer(new WasmBackend(engine), config, data);
  await trainEpoch(trainer);
  times.clear();
  while (!trainer.isEpochDone) trainer.step();
  engine.close();
  const all = [...times.values()].reduce((sum, ms) => sum + ms, 0);
  const rows = [...times]
    .filter(([, ms]) => ms >= all / 100)
    .sort(([, a], [, b]) => b - a)
    .map(([kernel, ms]) => [kernel, (ms / STEPS).toFixed(3)]);
  console.log('### Call by call\n');
  printTable(['kernel', 'milliseconds a step'], rows);
}
