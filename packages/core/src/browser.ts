/**
 * One file for pages without a bundler, once `scripts/build-package.js` has made it that: the library, and the
 * script of the workers that it starts, which the browser then need not load again.
 */
import { host } from '#host';
import { takePart, type WorkerData } from './engine/thread.js';
import { isThread } from './host/web-host.js';
import type { Order } from './train/messages.js';
import { trainToOrder } from './train/train-to-order.js';

export * from './index.js';

if (isThread) {
  host.receive<WorkerData | Order>((data, ready) => {
    if ('thread' in data) takePart(data, ready);
    else void trainToOrder(data);
  });
}
