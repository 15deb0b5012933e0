/** `train` as a page's main thread sees it: a worker trains, and what it reports is passed on. */
import { host } from '#host';
import { WasmBackend } from '../backend/index.js';
import { type BatchSource, isBatchSource } from '../data/batches.js';
import type { Samples, Targets } from '../data/samples.js';
import { loadKernels } from '../engine/index.js';
import { UserError } from '../files/errors.js';
import { buildNetwork } from './build-network.js';
import type { Config } from './config.js';
import type { Observer } from './fit.js';
import { errorOf, type Order, type Outcome, type Reply, type Report } from './messages.js';
import type { TrainOptions, TrainResult } from './options.js';
import { writeWeights } from './weights.js';

type StartWorker = NonNullable<typeof host.startTraining>;

/**
 * Trains in a worker. The result's network is the page's own, on one thread: it predicts at once, as in Node,
 * while a worker could only promise to.
 */
export async function trainInWorker(
  startWorker: StartWorker,
  config: Config,
  { build, onEpoch, observers = [], signal, stop, data, ...rest }: TrainOptions,
): Promise<TrainResult> {
  const kernels = await loadKernels(!host.whyOneThread(), build);
  const gifts: ArrayBuffer[] = [];
  const order: Order = {
    ...rest,
    config,
    kernels,
    data: {
      ...data,
      train: await copyOf(data.train, gifts),
      ...(data.test && { test: await copyOf(data.test, gifts) }),
    },
    watchesSteps: observers.some(({ onStep }) => onStep),
    watchesCheckpoints: observers.some(({ onCheckpoint }) => onCheckpoint),
  };
  const own: Observer = { onEpoch: (metrics) => onEpoch?.(metrics) };
  const outcome = await execute(startWorker, order, gifts, [own, ...observers], {
    pause: signal,
    stop,
  });
  const backend = await WasmBackend.create({ threads: 1, kernels });
  const close = () => backend.close();
  try {
    const network = buildNetwork(backend, config, data);
    writeWeights(network, outcome.weights);
    return { config, network, ...outcome, close };
  } catch (error) {
    close();
    throw error;
  }
}

/** Has a worker train, and passes on what it reports until it is done. */
function execute(
  startWorker: StartWorker,
  order: Order,
  gifts: ArrayBuffer[],
  observers: readonly Observer[],
  signals: Readonly<Record<'pause' | 'stop', AbortSignal | undefined>>,
): Promise<Outcome> {
  let end = () => {};
  const outcome = new Promise<Outcome>((resolve, reject) => {
    const worker = startWorker(reject);
    const reply = (message: Reply) => worker.postMessage(message);
    const ends = (['pause', 'stop'] as const).map((order) =>
      onAbort(signals[order], () => reply(order)),
    );
    end = () => {
      for (const forget of ends) forget();
      worker.terminate();
    };
    const handle = async (report: Report): Promise<void> => {
      switch (report.kind) {
        case 'step':
          for (const observer of observers) observer.onStep?.(report.progress);
          return;
        case 'epoch':
          for (const observer of observers) await observer.onEpoch?.(report.metrics);
          return reply('go on');
        case 'checkpoint':
          for (const observer of observers) await observer.onCheckpoint?.(report.checkpoint);
          return reply('go on');
        case 'end':
          return resolve(report.outcome);
        case 'failure':
          throw errorOf(report.failure);
      }
    };
    worker.onmessage = ({ data }: MessageEvent<Report>) => void handle(data).catch(reject);
    send(worker, order, gifts);
    for (const order of ['pause', 'stop'] as const) if (signals[order]?.aborted) reply(order);
  });
  return outcome.finally(() => end());
}

/** Listens to a signal; returns what ends that. */
function onAbort(signal: AbortSignal | undefined, listener: () => void): () => void {
  signal?.addEventListener('abort', listener);
  return () => signal?.removeEventListener('abort', listener);
}

function send(worker: Worker, order: Order, gifts: ArrayBuffer[]): void {
  try {
    worker.postMessage(order, gifts);
  } catch (cause) {
    const path = pathOfFunction(order);
    if (path === undefined) throw cause;
    throw new UserError(
      `train: ${path} is a function, which cannot go to the worker that trains for a page; ` +
        'call train in a worker of your own',
      { cause },
    );
  }
}

/** Where in a record there is a function. */
function pathOfFunction(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return undefined;
  for (const [key, each] of Object.entries(value)) {
    if (typeof each === 'function') return key;
    const path = pathOfFunction(each);
    if (path !== undefined) return `${key}.${path}`;
  }
  return undefined;
}

/** Bytes that are copied between two frames: a millisecond or two. */
const PIECE_BYTES = 2 ** 22;

/** A copy of samples whose arrays, put on `gifts`, can be given away. */
async function copyOf<S extends Samples | BatchSource>(
  samples: S,
  gifts: ArrayBuffer[],
): Promise<S> {
  // A source's function is found, and refused, when it is to be sent.
  if (isBatchSource(samples)) return samples;
  const { inputs, targets } = samples;
  return {
    ...samples,
    inputs: await copyArray(inputs, gifts),
    targets: await copyTargets(targets, gifts),
  };
}

async function copyTargets(targets: Targets, gifts: ArrayBuffer[]): Promise<Targets> {
  return targets.kind === 'classes'
    ? { ...targets, labels: await copyArray(targets.labels, gifts) }
    : { ...targets, values: await copyArray(targets.values, gifts) };
}

/** Lets the page draw between pieces. What is shared needs no copy. */
async function copyArray<T extends Uint8Array | Uint16Array | Int32Array | Float32Array>(
  array: T,
  gifts: ArrayBuffer[],
): Promise<T> {
  if (!(array.buffer instanceof ArrayBuffer)) return array;
  const { byteOffset, byteLength } = array;
  const from = new Uint8Array(array.buffer, byteOffset, byteLength);
  const buffer = new ArrayBuffer(byteLength);
  const to = new Uint8Array(buffer);
  for (let at = 0; at < byteLength; at += PIECE_BYTES) {
    to.set(from.subarray(at, at + PIECE_BYTES), at);
    await host.pause();
  }
  gifts.push(buffer);
  return new (array.constructor as new (buffer: ArrayBuffer) => T)(buffer);
}
