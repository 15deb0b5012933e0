/** `train` as a page's main thread sees it: a worker trains, and what it reports is passed on. */
import { host } from '#host';
import { isBatchSource } from '../data/batches.js';
import type { Samples, Targets } from '../data/samples.js';
import { loadKernels } from '../engine/index.js';
import { UserError } from '../files/errors.js';
import { buildNetwork } from './build-network.js';
import type { Config } from './config.js';
import type { Observer } from './fit.js';
import { errorOf, type Order, type Outcome, type Reply, type Report } from './messages.js';
import { openBackend, runsPlain } from './open-backend.js';
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
  { onEpoch, observers = [], signal, stop, ...asked }: TrainOptions,
): Promise<TrainResult> {
  const { order, gifts } = await orderOf(config, asked, observers);
  const own: Observer = {
    async onEpoch(metrics) {
      await onEpoch?.(metrics);
    },
  };
  // Before the training, so that nothing is lost where the page has no room for a network of its own.
  const { kernels } = order;
  const { backend, close } = await openBackend({ backend: order.backend, threads: 1, kernels });
  try {
    const network = buildNetwork(backend, config, asked.data);
    const signals = { signal, stop };
    const outcome = await execute(startWorker, order, gifts, [own, ...observers], signals);
    // The page can draw before the next piece of work.
    await host.pause();
    writeWeights(network, outcome.weights);
    return { config, network, ...outcome, close };
  } catch (error) {
    close();
    throw error;
  }
}

/**
 * What a worker is asked for, and the copies of the samples that are given to it.
 *
 * @throws {UserError} something of the options cannot travel, or the kernels cannot be loaded
 */
async function orderOf(
  config: Config,
  {
    backend,
    build,
    data,
    ...rest
  }: Omit<TrainOptions, 'onEpoch' | 'observers' | 'signal' | 'stop'>,
  observers: readonly Observer[],
): Promise<{ readonly order: Order; readonly gifts: ArrayBuffer[] }> {
  const { train, test } = data;
  if (isBatchSource(train)) throw cannotTravel('data.train.batch');
  refuseFunctions({ data, ...rest });
  if (typeof backend === 'object') throw cannotTravel('backend', 'an object with methods');
  const kernels = runsPlain({ backend, build })
    ? undefined
    : await loadKernels(!host.whyOneThread(), build);
  const gifts: ArrayBuffer[] = [];
  const copy = { ...data, train: await copyOf(train, gifts) };
  const order = {
    ...rest,
    config,
    kernels,
    backend,
    data: test ? { ...copy, test: await copyOf(test, gifts) } : copy,
    watchesSteps: observers.some(({ onStep }) => onStep),
    watchesCheckpoints: observers.some(({ onCheckpoint }) => onCheckpoint),
  };
  return { order, gifts };
}

/** Has a worker train, and passes on what it reports until it is done. */
function execute(
  startWorker: StartWorker,
  order: Order,
  gifts: ArrayBuffer[],
  observers: readonly Observer[],
  { signal, stop }: Readonly<Record<'signal' | 'stop', AbortSignal | undefined>>,
): Promise<Outcome> {
  const end = new AbortController();
  const outcome = new Promise<Outcome>((resolve, reject) => {
    const worker = startWorker(reject);
    end.signal.addEventListener('abort', () => worker.terminate());
    const reply = (message: Reply) => worker.postMessage(message);
    const handle = async (report: Report): Promise<void> => {
      if (report.kind === 'end') return resolve(report.outcome);
      const isAwaited = await notify(observers, report);
      if (isAwaited) reply('go on');
    };
    const passOn = (wish: AbortSignal | undefined, message: Reply) => {
      if (wish?.aborted) reply(message);
      wish?.addEventListener('abort', () => reply(message), { signal: end.signal });
    };
    worker.onmessage = ({ data }: MessageEvent<Report>) => void handle(data).catch(reject);
    worker.postMessage(order, gifts);
    passOn(signal, 'pause');
    passOn(stop, 'stop');
  });
  return outcome.finally(() => end.abort());
}

/**
 * Passes on what a worker reports on the way.
 *
 * @returns whether it waits for a reply
 * @throws the error by which the training ended
 */
async function notify(
  observers: readonly Observer[],
  report: Exclude<Report, { kind: 'end' }>,
): Promise<boolean> {
  switch (report.kind) {
    case 'step':
      for (const observer of observers) observer.onStep?.(report.progress);
      return false;
    case 'epoch':
      for (const observer of observers) await observer.onEpoch?.(report.metrics);
      return true;
    case 'checkpoint':
      for (const observer of observers) await observer.onCheckpoint?.(report.checkpoint);
      return true;
    case 'failure':
      throw errorOf(report.failure);
  }
}

/** Says where in the options there is a function. */
function refuseFunctions(options: object, path = ''): void {
  for (const [key, each] of Object.entries(options)) {
    if (typeof each === 'function') throw cannotTravel(path + key);
    const isRecord = typeof each === 'object' && each !== null && !ArrayBuffer.isView(each);
    if (isRecord) refuseFunctions(each, `${path}${key}.`);
  }
}

function cannotTravel(path: string, what = 'a function'): UserError {
  return new UserError(
    `train: ${path} is ${what}, which cannot go to the worker that trains for a page; ` +
      'call train in a worker of your own',
  );
}

/** Bytes that are copied between two frames: a millisecond or two. */
const PIECE_BYTES = 2 ** 22;

/** A copy of samples whose arrays, put on `gifts`, can be given away. */
async function copyOf(samples: Samples, gifts: ArrayBuffer[]): Promise<Samples> {
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
