/**
 * A step of ResNet-18 on images of CIFAR-10's size, batch 128: AdaBreg with kernel groups, over densities and
 * gradient policies, with its parts and the peak memory; PyTorch's dense step before and after.
 */
import { fileURLToPath } from 'node:url';
import { printTable, python, pytorchProgram, runPeer } from './lib.js';
import type { StepFigures } from './resnet-step.js';

const DENSITIES = [1, 0.2, 0.1, 0.05, 0.02];
const POLICIES = { all: 'exact', sampled: 'sampled', support: 'on the support' } as const;
type Scope = keyof typeof POLICIES;

/** Kernels by the part of a step that they belong to; the rest is small. */
const PARTS = {
  'forward and to the inputs': ['packConv', 'convRows', 'convEntries'],
  'to the weights': ['convRowsWeightGradient', 'convEntriesWeightGradient', 'foldPartials'],
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
  const args = [...process.execArgv, stepProgram, String(density), scope];
  const figures = runPeer<StepFigures>(process.execPath, args);
  if (!figures) throw new Error(`bench: the step at density ${density}, ${scope}, failed`);
  return figures;
}

const askPeer = () => runPeer<PyTorchStep>(python, [pytorchProgram, 'resnet', '--seconds', '12']);

function rowOf(density: number, scope: Scope, figures: StepFigures, peer?: PyTorchStep) {
  const { step, kernels, copying, peakMemoryBytes } = figures;
  const parts = Object.values(PARTS).map((names) =>
    names.reduce((sum, name) => sum + (kernels[name] ?? 0), 0),
  );
  return [
    ...[density, POLICIES[scope], step.toFixed(0)],
    ...(peer ? [`${(peer.step_ms / step).toFixed(1)}×`] : ['']),
    ...parts.map((ms) => ms.toFixed(0)),
    ((kernels.loadBatch ?? 0) + copying).toFixed(1),
    (peakMemoryBytes / 1e6).toFixed(0),
  ];
}

export async function benchResnet(): Promise<void> {
  const before = askPeer();
  const rows = [];
  for (const density of DENSITIES) {
    for (const scope of ['all', 'sampled', 'support'] as const) {
      // Of a dense network all weights are the support.
      if (density === 1 && scope !== 'all') continue;
      rows.push(rowOf(density, scope, measure(density, scope), before));
    }
  }
  console.log('### A step of ResNet-18, batch 128, two threads\n');
  printTable(
    [
      ...['density', 'gradients', 'step (ms)', 'PyTorch dense / ours'],
      ...[...Object.keys(PARTS), 'data'].map((part) => `${part} (ms)`),
      'peak memory (MB)',
    ],
    rows,
  );
  const after = askPeer();
  if (!before || !after) return;
  console.log(
    `PyTorch dense with AdaBreg, before and after: ${before.step_ms} and ${after.step_ms} ms ` +
      `(${JSON.stringify(after.split_ms)}), ${after.peak_mebibytes} MiB\n`,
  );
}
