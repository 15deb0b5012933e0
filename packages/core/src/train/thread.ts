/**
 * The script of all workers that the library starts in a page: one trains for the page's main thread, others
 * take part in running its programs.
 */
import { host } from '#host';
import { takePart, type WorkerData } from '../engine/thread.js';
import type { Observer } from './fit.js';
import { failureOf, type Order, type Reply, type Report } from './messages.js';
import { trainHere } from './train-here.js';

host.receive<WorkerData | Order>((data, ready) => {
  if ('thread' in data) takePart(data, ready);
  else void execute(data);
});

async function execute(order: Order): Promise<void> {
  const { config, backend, kernels, threads, watchesSteps, watchesCheckpoints, ...rest } = order;
  const pause = new AbortController();
  const stop = new AbortController();
  let goOn = () => {};
  globalThis.onmessage = ({ data }: MessageEvent<Reply>) => {
    if (data === 'pause') pause.abort();
    else if (data === 'stop') stop.abort();
    else goOn();
  };
  const ask = (question: Report) =>
    new Promise<void>((resolve) => {
      goOn = resolve;
      report(question);
    });
  const relay: Observer = {
    ...(watchesSteps && { onStep: (progress) => report({ kind: 'step', progress }) }),
    onEpoch: (metrics) => ask({ kind: 'epoch', metrics }),
    ...(watchesCheckpoints && {
      onCheckpoint: (checkpoint) => ask({ kind: 'checkpoint', checkpoint }),
    }),
  };
  try {
    const signals = { signal: pause.signal, stop: stop.signal };
    const options = { ...rest, ...signals, observers: [relay] };
    const {
      config: _,
      network,
      close,
      ...outcome
    } = await trainHere(config, options, {
      backend,
      threads,
      kernels,
    });
    close();
    report({ kind: 'end', outcome });
  } catch (error) {
    report({ kind: 'failure', failure: failureOf(error) });
  }
}

function report(message: Report): void {
  globalThis.postMessage(message);
}
