/**
 * An epoch of the preset mnist-mlp (57,000 images, batch 128) beside PyTorch's arithmetic for the
 * same, with its data in memory, and TensorFlow.js. They take turns. Where OPENBLAS_PTHREAD names the folder of
 * that flavour's libblas.so.3, PyTorch has a turn with it, too.
 */
import { loadDataset } from '#bregman/data/index.js';
import { WasmBackend } from '#core/backend/index.js';
import { Engine } from '#core/engine/index.js';
import { buildTrainer, presets, resolveConfig, type Trainer } from '#core/train/index.js';
import { median, printTable, python, pytorchProgram, runPeer } from './lib.js';

const ROUNDS = 5;
const STEPS = Math.ceil(57_000 / 128);

interface PyTorchStep {
  readonly step_ms: number;
  readonly epoch_s: number;
}

interface TensorFlowSteps {
  readonly missing?: readonly string[];
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

export async function benchMlp(): Promise<void> {
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
    for (const [times, libraries] of [[pytorch], [withPthread, pthread]] as const) {
      if (times === withPthread && !libraries) continue;
      const command = [pytorchProgram, 'mlp-step', '--seconds', '2'];
      const environment = libraries ? { LD_LIBRARY_PATH: libraries } : {};
      const peer = runPeer<PyTorchStep>(python, command, environment);
      if (peer) times.push(peer.epoch_s);
    }
  }
  for (const engine of engines) engine.close();
  const program = new URL('./peers/tfjs.ts', import.meta.url).pathname;
  const tensorflow = runPeer<TensorFlowSteps>(process.execPath, ['--import', 'tsx', program]);
  const best = median(ours[1]);
  const row = (name: string, seconds: number | undefined) =>
    seconds === undefined
      ? [name, 'not installed', '', '']
      : [name, seconds.toFixed(2), ((1000 * seconds) / STEPS).toFixed(2), times(seconds)];
  const times = (seconds: number) => `${(seconds / best).toFixed(1)}×`;
  console.log(`### Epoch of mnist-mlp: 57,000 images, batch 128, ${engines[1].build} build\n`);
  printTable(
    ['program', 'seconds', 'a step (ms)', 'times ours'],
    [
      row('bregman, 2 threads', best),
      row('bregman, 1 thread', median(ours[0])),
      row(
        'PyTorch, 2 threads, LinBreg as in the reference',
        pytorch.length ? median(pytorch) : undefined,
      ),
      row(
        'the same with the pthread flavour of OpenBLAS',
        withPthread.length ? median(withPthread) : undefined,
      ),
      row('TensorFlow.js wasm, SGD', tensorflow?.wasm?.epochSeconds),
      row('TensorFlow.js cpu, SGD', tensorflow?.cpu?.epochSeconds),
    ],
  );
}
