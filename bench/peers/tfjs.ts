/**
 * TensorFlow.js as a peer: one training step (SGD) of the MLP 784-200-80-10 at batch 128, on its
 * wasm backend and on its cpu backend. Prints one JSON line.
 *
 *     npm i --no-save @tensorflow/tfjs @tensorflow/tfjs-backend-wasm
 *     node --import tsx bench/peers/tfjs.ts [--backend wasm|cpu] [--seconds 5]
 *
 * TensorFlow.js is no dependency of this project. Where it is missing, the JSON line says so in
 * `missing`, a line on stderr says how to install it, and the exit status is still 0.
 */

import { parseArgs } from 'node:util';

const SIZES = [784, 200, 80, 10];
const BATCH = 128;
const STEPS_PER_EPOCH = Math.ceil(57_000 / BATCH);
const READY_BATCHES = 8;
const CORE = '@tensorflow/tfjs';
const WASM = '@tensorflow/tfjs-backend-wasm';
const INSTALL = `npm i --no-save ${CORE} ${WASM}`;
const BACKENDS = ['wasm', 'cpu'] as const;

type Backend = (typeof BACKENDS)[number];

/** The part of TensorFlow.js in use, declared here because its types need not be installed. */
interface Tensor {
  dispose(): void;
  data(): Promise<ArrayLike<number>>;
  variable(): Tensor;
}
interface TensorFlow {
  version_core: string;
  setBackend(name: string): Promise<boolean>;
  ready(): Promise<void>;
  env(): { getAsync(flag: string): Promise<unknown> };
  tidy<T>(work: () => T): T;
  tensor1d(values: Int32Array, type: 'int32'): Tensor;
  oneHot(indices: Tensor, depth: number): Tensor;
  randomUniform(shape: number[]): Tensor;
  randomNormal(shape: number[], mean: number, deviation: number): Tensor;
  zeros(shape: number[]): Tensor;
  fused: {
    matMul(options: { a: Tensor; b: Tensor; bias: Tensor; activation: 'relu' | 'linear' }): Tensor;
  };
  losses: { softmaxCrossEntropy(labels: Tensor, logits: Tensor): Tensor };
  train: {
    sgd(rate: number): {
      minimize(loss: () => Tensor, returnCost: true, variables: Tensor[]): Tensor;
      dispose(): void;
    };
  };
}

interface Figures {
  stepMs: number;
  steps: number;
  epochSeconds: number;
}

function isTensorFlow(value: unknown): value is TensorFlow {
  return typeof value === 'object' && value !== null && 'train' in value && 'setBackend' in value;
}

/** Imports a package that need not be there; null where it is missing. */
async function load(name: string): Promise<unknown> {
  try {
    const found = (await import(name)) as { default?: unknown };
    return found.default ?? found;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND') return null;
    throw error;
  }
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

async function timeBackend(tf: TensorFlow, backend: Backend, seconds: number): Promise<Figures> {
  if (!(await tf.setBackend(backend))) throw new Error(`no ${backend} backend`);
  await tf.ready();

  const layers = SIZES.slice(1).map((outputs, i) => {
    const inputs = SIZES[i]!;
    return {
      weight: tf.tidy(() =>
        tf.randomNormal([inputs, outputs], 0, Math.sqrt(2 / inputs)).variable(),
      ),
      bias: tf.tidy(() => tf.zeros([outputs]).variable()),
    };
  });
  const variables = layers.flatMap(({ weight, bias }) => [weight, bias]);
  const batches = Array.from({ length: READY_BATCHES }, () => {
    const digits = Int32Array.from({ length: BATCH }, () => Math.floor(Math.random() * 10));
    return {
      x: tf.randomUniform([BATCH, SIZES[0]!]),
      y: tf.tidy(() => tf.oneHot(tf.tensor1d(digits, 'int32'), 10)),
    };
  });
  const optimizer = tf.train.sgd(0.1);

  const step = async (i: number) => {
    const { x, y } = batches[i % READY_BATCHES]!;
    const cost = optimizer.minimize(
      () => {
        const logits = layers.reduce(
          (a, { weight, bias }, depth) =>
            tf.fused.matMul({
              a,
              b: weight,
              bias,
              activation: depth < layers.length - 1 ? 'relu' : 'linear',
            }),
          x,
        );
        return tf.losses.softmaxCrossEntropy(y, logits);
      },
      true,
      variables,
    );
    const value = (await cost.data())[0]!;
    cost.dispose();
    if (!Number.isFinite(value)) throw new Error(`the loss became ${value}`);
  };

  for (let i = 0; i < 5; i++) await step(i);
  const times: number[] = [];
  const end = performance.now() + seconds * 1e3;
  while (times.length < 5 || performance.now() < end) {
    const start = performance.now();
    await step(times.length);
    times.push(performance.now() - start);
  }

  optimizer.dispose();
  for (const tensor of [...variables, ...batches.flatMap(({ x, y }) => [x, y])]) tensor.dispose();
  const stepMs = median(times);
  return {
    stepMs: Number(stepMs.toFixed(2)),
    steps: times.length,
    epochSeconds: Number(((stepMs * STEPS_PER_EPOCH) / 1e3).toFixed(2)),
  };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { backend: { type: 'string' }, seconds: { type: 'string', default: '5' } },
  });
  const backends = BACKENDS.filter((name) => (values.backend ?? name) === name);
  if (backends.length === 0) throw new Error(`--backend takes ${BACKENDS.join(' or ')}`);
  const head = { peer: 'tfjs', task: 'mlp-step', node: process.versions.node, batch: BATCH };

  const tf = await load(CORE);
  const wasm = await load(WASM);
  const missing = [tf === null ? CORE : [], wasm === null ? WASM : []].flat();
  if (!isTensorFlow(tf) || missing.length > 0) {
    console.error(`TensorFlow.js is not installed, so it is left out; to time it: ${INSTALL}`);
    console.log(JSON.stringify({ ...head, missing, install: INSTALL }));
    return;
  }

  const figures: Partial<Record<Backend, Figures>> = {};
  for (const name of backends) figures[name] = await timeBackend(tf, name, Number(values.seconds));
  const simd = await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT');
  const threaded = await tf.env().getAsync('WASM_HAS_MULTITHREAD_SUPPORT');
  console.log(JSON.stringify({ ...head, version: tf.version_core, simd, threaded, ...figures }));
}

await main();
