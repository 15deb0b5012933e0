/** The script of a thread in Node. Pages have one for all that their workers do: train/thread.ts. */
import { host } from '#host';
import { takePart } from './thread.js';

host.receive(takePart);
