/** The script of a thread in Node. Pages have one for all that their workers do: browser.ts. */
import { host } from '#host';
import { takePart } from './thread.js';

host.receive(takePart);
