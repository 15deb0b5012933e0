/** What a worker does that trains for a page's main thread. */
import type { Observer } from './fit.js';
import { failureOf, type Order, type Reply, type Report } from './messages.js';
import { trainHere } from './train-here.js';

/** Trains as a page has ordered, and reports to it. */
export async function trainToOrder(order: Order): Promise<void> {
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
